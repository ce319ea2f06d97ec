#include "types/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

template <typename E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<VehicleClass, 7> kVehicleClasses{{{VehicleClass::car, "car"},
                                                  {VehicleClass::van, "van"},
                                                  {VehicleClass::bus, "bus"},
                                                  {VehicleClass::truck, "truck"},
                                                  {VehicleClass::motorcycle, "motorcycle"},
                                                  {VehicleClass::bicycle, "bicycle"},
                                                  {VehicleClass::vehicle, "vehicle"}}};
constexpr Names<Motion, 4> kMotions{{{Motion::approaching, "approaching"},
                                     {Motion::holding, "holding"},
                                     {Motion::receding, "receding"},
                                     {Motion::unknown, "unknown"}}};
constexpr Names<Trend, 3> kTrends{{{Trend::braking, "braking"},
                                   {Trend::steady, "steady"},
                                   {Trend::accelerating, "accelerating"}}};
constexpr Names<Side, 4> kSides{{{Side::left, "left"},
                                 {Side::right, "right"},
                                 {Side::behind, "behind"},
                                 {Side::unknown, "unknown"}}};
constexpr Names<AnalysisState, 3> kStates{{{AnalysisState::ok, "ok"},
                                           {AnalysisState::degraded, "degraded"},
                                           {AnalysisState::failed, "failed"}}};
constexpr Names<Road, 7> kRoads{{{Road::unknown, "unknown"},
                                 {Road::clear, "clear"},
                                 {Road::following, "following"},
                                 {Road::approaching, "approaching"},
                                 {Road::danger, "danger"},
                                 {Road::blind, "blind"},
                                 {Road::no_signal, "no_signal"}}};
constexpr Names<AlertKind, 10> kKinds{{{AlertKind::vehicle_approaching, "vehicle_approaching"},
                                       {AlertKind::fast_approach, "fast_approach"},
                                       {AlertKind::overtake, "overtake"},
                                       {AlertKind::close_pass, "close_pass"},
                                       {AlertKind::all_clear, "all_clear"},
                                       {AlertKind::camera_lost, "camera_lost"},
                                       {AlertKind::camera_back, "camera_back"},
                                       {AlertKind::view_blocked, "view_blocked"},
                                       {AlertKind::store_failed, "store_failed"},
                                       {AlertKind::store_back, "store_back"}}};
constexpr Names<AlertLevel, 3> kLevels{
    {{AlertLevel::info, "info"}, {AlertLevel::warning, "warning"}, {AlertLevel::danger, "danger"}}};

constexpr Names<CameraState, 5> kCameraStates{{{CameraState::connecting, "connecting"},
                                               {CameraState::live, "live"},
                                               {CameraState::stalled, "stalled"},
                                               {CameraState::blind, "blind"},
                                               {CameraState::failed, "failed"}}};

template <typename E, std::size_t N>
constexpr std::string_view name_in(const Names<E, N>& names, E value) {
  return names[static_cast<std::size_t>(value)].second;
}

template <typename E, std::size_t N>
std::optional<E> value_in(const Names<E, N>& names, std::string_view text) {
  const auto it = std::find_if(names.begin(), names.end(),
                               [text](const auto& entry) { return entry.second == text; });
  return it == names.end() ? std::nullopt : std::optional(it->first);
}

Json rounded(double value, int decimals) {
  if (!std::isfinite(value)) return nullptr;
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale + 0.0;  // + 0.0 turns -0 into 0
}

Json rounded(const std::optional<double>& value, int decimals) {
  return value ? rounded(*value, decimals) : Json(nullptr);
}

Json box_json(const cv::Rect2f& box) {
  return {{"x", rounded(box.x, 1)},
          {"y", rounded(box.y, 1)},
          {"w", rounded(box.width, 1)},
          {"h", rounded(box.height, 1)}};
}

cv::Rect2f box_in(const nlohmann::json& json) {
  const auto& box = json.at("box");
  return {box.at("x"), box.at("y"), box.at("w"), box.at("h")};
}

std::optional<double> number_in(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  return found->get<double>();
}

Json position_json(const std::optional<Position>& position) {
  if (!position) return nullptr;
  return {{"lat", rounded(position->lat_deg, 6)},
          {"lon", rounded(position->lon_deg, 6)},
          {"accuracy_m", rounded(position->accuracy_m, 1)}};
}

/// Alerts of before have none.
std::optional<Position> position_in(const nlohmann::json& json) {
  const auto found = json.find("position");
  if (found == json.end() || found->is_null()) return std::nullopt;
  return Position{found->at("lat"), found->at("lon"), number_in(*found, "accuracy_m")};
}

void add(Json& json, const Keeping& keeping) {
  json["locked"] = keeping.locked;
  json["has_snapshot"] = keeping.has_snapshot;
  json["has_clip"] = keeping.has_clip;
}

Json latency_json(const Latency& latency) {
  return {{"decode", rounded(latency.decode_ms, 1)},
          {"analyse", rounded(latency.analyse_ms, 1)},
          {"total", rounded(latency.total_ms, 1)}};
}

}  // namespace

std::string_view name(VehicleClass value) {
  return name_in(kVehicleClasses, value);
}
std::string_view name(Motion value) {
  return name_in(kMotions, value);
}
std::string_view name(Trend value) {
  return name_in(kTrends, value);
}
std::string_view name(Side value) {
  return name_in(kSides, value);
}
std::string_view name(AnalysisState value) {
  return name_in(kStates, value);
}
std::string_view name(Road value) {
  return name_in(kRoads, value);
}
std::string_view name(AlertKind value) {
  return name_in(kKinds, value);
}
std::string_view name(AlertLevel value) {
  return name_in(kLevels, value);
}
std::string_view name(CameraState value) {
  return name_in(kCameraStates, value);
}
std::optional<AlertKind> alert_kind_from(std::string_view text) {
  return value_in(kKinds, text);
}
std::optional<Side> side_from(std::string_view text) {
  return value_in(kSides, text);
}
std::optional<Road> road_from(std::string_view text) {
  return value_in(kRoads, text);
}
std::optional<AnalysisState> analysis_state_from(std::string_view text) {
  return value_in(kStates, text);
}
std::optional<VehicleClass> vehicle_class_from(std::string_view text) {
  return value_in(kVehicleClasses, text);
}

Json to_json(const Track& track) {
  return {{"id", track.id},
          {"class", name(track.vehicle_class)},
          {"score", rounded(track.score, 3)},
          {"box", box_json(track.box)},
          {"motion", name(track.motion)},
          {"threat", track.threat},
          {"ttc_s", rounded(track.ttc_s, 2)},
          {"ttc_sigma_s", rounded(track.ttc_sigma_s, 2)},
          {"distance_m", rounded(track.distance_m, 1)},
          {"closing_mps", rounded(track.closing_mps, 2)},
          {"trend", track.trend ? Json(name(*track.trend)) : Json(nullptr)},
          {"side", name(track.side)},
          {"lateral_m", rounded(track.lateral_m, 2)},
          {"unseen_s", rounded(track.unseen_s, 2)}};
}

namespace {

Json to_json(const ViewGeometry& view) {
  return {{"vanishing_x", rounded(view.vanishing.x, 1)},
          {"horizon_y", rounded(view.vanishing.y, 1)},
          {"horizon_sigma_px", rounded(view.vanishing_sigma_px, 1)},
          {"focal_px", rounded(view.focal_px, 1)},
          {"pitch_deg", rounded(view.pitch_deg, 1)},
          {"camera_height_m", rounded(view.camera_height_m, 2)},
          {"camera_height_sigma_m", rounded(view.camera_height_sigma_m, 2)}};
}

}  // namespace

Json to_json(const Analysis& analysis) {
  const bool measured = analysis.view && analysis.view->focal_px > 0;
  Json tracks = Json::array();
  for (const Track& track : analysis.tracks) tracks.push_back(to_json(track));
  return {{"type", "analysis"},
          {"camera", analysis.camera},
          {"epoch", analysis.epoch},
          {"seq", analysis.seq},
          {"time", rfc3339(analysis.time)},
          {"t_s", rounded(analysis.t_s, 3)},
          {"state", name(analysis.state)},
          {"road", name(analysis.road)},
          {"text", analysis.text},
          {"view", measured ? to_json(*analysis.view) : Json(nullptr)},
          {"tracks", std::move(tracks)},
          {"latency_ms", latency_json(analysis.latency)}};
}

Json to_json(const Alert& alert) {
  const bool of_vehicle = alert.track_id.has_value();
  Json json = {{"type", "alert"},
               {"id", alert.id},
               {"camera", alert.camera},
               {"time", rfc3339(alert.time)},
               {"t_s", rounded(alert.t_s, 3)},
               {"kind", name(alert.kind)},
               {"level", name(alert.level)},
               {"track_id", of_vehicle ? Json(*alert.track_id) : Json(nullptr)},
               {"class", of_vehicle ? Json(name(alert.vehicle_class)) : Json(nullptr)},
               {"box", of_vehicle ? box_json(alert.box) : Json(nullptr)},
               {"ttc_s", rounded(alert.ttc_s, 2)},
               {"distance_m", rounded(alert.distance_m, 1)},
               {"closing_mps", rounded(alert.closing_mps, 2)},
               {"side", name(alert.side)},
               {"lateral_m", rounded(alert.lateral_m, 2)},
               {"position", position_json(alert.position)},
               {"rider_speed_mps", rounded(alert.rider_speed_mps, 2)},
               {"reason", nullptr},
               {"epoch", alert.epoch},
               {"frame_seq", alert.frame_seq},
               {"latency_ms", latency_json(alert.latency)}};
  if (alert.reason)
    json["reason"] = {{"growth_per_s", rounded(alert.reason->growth_per_s, 3)},
                      {"bearing_deg_per_s", rounded(alert.reason->bearing_deg_per_s, 2)},
                      {"confirmed_frames", alert.reason->confirmed_frames}};
  if (alert.pass_t_s) json["pass_t_s"] = rounded(*alert.pass_t_s, 3);
  if (alert.blind_s) json["blind_s"] = rounded(*alert.blind_s, 2);
  if (!alert.text.empty()) json["text"] = alert.text;
  if (const auto& keeping = alert.keeping) {
    add(json, *keeping);
    json["ride"] = keeping->ride ? Json(*keeping->ride) : Json(nullptr);
  }
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(dump(text)).get<std::string>();
}

Alert alert_from_json(const nlohmann::json& json) {
  const auto number = [&json](const char* key) { return number_in(json, key); };
  try {
    Alert alert;
    alert.id = json.at("id");
    alert.camera = json.at("camera");
    alert.time = parse_rfc3339(json.at("time").get<std::string>()).value();
    alert.t_s = number("t_s").value_or(0);
    alert.kind = value_in(kKinds, json.at("kind").get<std::string>()).value();
    alert.level = value_in(kLevels, json.at("level").get<std::string>()).value();
    if (!json.at("track_id").is_null()) {
      alert.track_id = json.at("track_id").get<int>();
      alert.vehicle_class = vehicle_class_from(json.at("class").get<std::string>()).value();
      alert.box = box_in(json);
    }
    alert.ttc_s = number("ttc_s");
    alert.distance_m = number("distance_m");
    alert.closing_mps = number("closing_mps");
    alert.side = value_in(kSides, json.at("side").get<std::string>()).value();
    alert.lateral_m = number("lateral_m");
    alert.position = position_in(json);
    alert.rider_speed_mps = number("rider_speed_mps");
    if (const auto& reason = json.at("reason"); !reason.is_null())
      alert.reason = AlertReason{reason.at("growth_per_s"), reason.at("bearing_deg_per_s"),
                                 reason.at("confirmed_frames")};
    alert.pass_t_s = number("pass_t_s");
    alert.blind_s = number("blind_s");
    alert.text = json.value("text", "");
    alert.epoch = json.at("epoch");
    alert.frame_seq = json.at("frame_seq");
    const auto& latency = json.at("latency_ms");
    alert.latency = {latency.at("decode"), latency.at("analyse"), latency.at("total")};
    return alert;
  } catch (const std::exception& e) {  // of the JSON library, or an empty optional
    throw std::runtime_error(std::string("not an alert: ") + e.what());
  }
}

Json to_json(const AlertUpdate& update) {
  Json json = {
      {"type", "alert_update"}, {"id", update.id}, {"deleted", !update.keeping.has_value()}};
  add(json, update.keeping.value_or(Keeping{}));
  return json;
}

Json to_json(const Ride& ride) {
  const auto distance_m = ride.distance_m();
  return {{"id", ride.id},
          {"camera", ride.camera},
          {"start", rfc3339(ride.start)},
          {"end", ride.end ? Json(rfc3339(*ride.end)) : Json(nullptr)},
          {"duration_s", rounded(ride.duration_s, 0)},
          {"distance_m", rounded(distance_m, 0)},
          {"moving_s", distance_m ? rounded(ride.travelled.moving_s, 0) : Json(nullptr)},
          {"located_s", rounded(ride.travelled.known_s, 0)},
          {"passes", ride.passes},
          {"close_passes", ride.close_passes},
          {"alerts", ride.alerts},
          {"locked", ride.locked},
          {"unseen_s", ride.unseen_s()}};
}

Json to_json(const Pass& pass) {
  return {{"id", pass.id},
          {"ride", pass.ride ? Json(*pass.ride) : Json(nullptr)},
          {"alert", pass.alert ? Json(*pass.alert) : Json(nullptr)},
          {"camera", pass.camera},
          {"time", rfc3339(pass.time)},
          {"kind", name(pass.close ? AlertKind::close_pass : AlertKind::overtake)},
          {"class", name(pass.vehicle_class)},
          {"side", name(pass.side)},
          {"lead_s", rounded(pass.lead_s, 2)},
          {"lateral_m", rounded(pass.lateral_m, 2)},
          {"closing_mps", rounded(pass.closing_mps, 2)},
          {"position", position_json(pass.position)},
          {"rider_speed_mps", rounded(pass.rider_speed_mps, 2)},
          {"ride_distance_m", rounded(pass.ride_distance_m, 0)}};
}

Track track_from_json(const nlohmann::json& json) {
  const auto number = [&json](const char* key) { return number_in(json, key); };
  try {
    Track track;
    track.id = json.at("id");
    track.vehicle_class = vehicle_class_from(json.at("class").get<std::string>()).value();
    track.score = json.at("score");
    track.box = box_in(json);
    track.motion = value_in(kMotions, json.at("motion").get<std::string>()).value();
    track.threat = json.at("threat");
    track.ttc_s = number("ttc_s");
    track.ttc_sigma_s = number("ttc_sigma_s");
    track.distance_m = number("distance_m");
    track.closing_mps = number("closing_mps");
    if (const auto& trend = json.at("trend"); !trend.is_null())
      track.trend = value_in(kTrends, trend.get<std::string>()).value();
    track.side = value_in(kSides, json.at("side").get<std::string>()).value();
    track.lateral_m = number("lateral_m");
    track.unseen_s = number("unseen_s").value_or(0);  // clips of before have none
    track.coasting = track.unseen_s > 0;
    return track;
  } catch (const std::exception& e) {
    throw std::runtime_error(std::string("not a track: ") + e.what());
  }
}

}  // namespace rearview
