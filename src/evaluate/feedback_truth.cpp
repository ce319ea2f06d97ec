#include "evaluate/feedback_truth.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core/types.hpp>
#include <set>
#include <stdexcept>

#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

/// Another analysis may see a vehicle so long before this one did.
constexpr double kBefore_s = 3;
constexpr double kBeforeStep_s = 0.2;
/// Over how long its growth is taken for that, and the least that tells anything.
constexpr double kGrowth_s = 1;
constexpr float kLeastGrowth = 1.1F;
/// A track that wasn't seen for longer is only guessed.
constexpr double kSeen_s = 0.1;
/// Riders say that something was missed when it is past.
constexpr double kMissedLasts_s = 18;
constexpr double kUsualFps = 30;

struct Seen {
  double t_s = 0;
  cv::Rect2f box;
};
using Tracks = std::map<int, std::vector<Seen>>;

struct Sidecar {
  Tracks tracks;
  double fps = kUsualFps;
  double end_s = 0;
};

Sidecar read(const nlohmann::json& json) {
  Sidecar sidecar;
  std::vector<double> gaps;
  for (const auto& frame : json.at("frames")) {
    const double t_s = frame.at("t_s").get<double>();
    if (t_s > sidecar.end_s) gaps.push_back(t_s - sidecar.end_s);
    sidecar.end_s = std::max(sidecar.end_s, t_s);
    for (const auto& one : frame.at("tracks")) {
      const Track track = track_from_json(one);
      std::vector<Seen>& seen = sidecar.tracks[track.id];
      if (track.unseen_s <= kSeen_s && (seen.empty() || seen.back().t_s < t_s))
        seen.push_back({t_s, track.box});
    }
  }
  if (gaps.empty()) throw std::runtime_error("the sidecar tells of no picture");
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2),
                   gaps.end());
  sidecar.fps = std::clamp(1 / gaps[gaps.size() / 2], 1.0, 240.0);
  std::erase_if(sidecar.tracks, [](const auto& track) { return track.second.empty(); });
  return sidecar;
}

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

/// At a constant closing speed the inverse of the side falls with time, and the middle moves in
/// proportion to the side, away from the vanishing point.
Seen before(const std::vector<Seen>& seen, double dt_s) {
  const Seen& first = seen.front();
  const Seen& later = *std::find_if(seen.begin(), seen.end() - 1, [&](const Seen& one) {
    return one.t_s - first.t_s >= kGrowth_s;
  });
  const float grown = std::sqrt(later.box.area() / std::max(1.0F, first.box.area()));
  Seen earlier{first.t_s - dt_s, first.box};
  if (grown < kLeastGrowth) return earlier;
  const double growth_per_s = static_cast<double>(1 - 1 / grown) / (later.t_s - first.t_s);
  const auto share = static_cast<float>(1 / (1 + growth_per_s * dt_s));
  const auto middle = [](const cv::Rect2f& box) { return (box.tl() + box.br()) / 2; };
  const cv::Point2f way = (middle(later.box) - middle(first.box)) * ((1 - share) / (grown - 1));
  const cv::Size2f size = first.box.size() * share;
  const cv::Point2f at = middle(first.box) - way;
  earlier.box = {at.x - size.width / 2, at.y - size.height / 2, size.width, size.height};
  return earlier;
}

Json track_json(const std::vector<Seen>& seen, bool with_before) {
  Json track = Json::array();
  const auto add = [&track](const Seen& one) {
    const auto px = [](float value) { return rounded(static_cast<double>(value), 10); };
    const double t_s = rounded(one.t_s, 1000);
    // Pictures of one burst may lie closer together than times are told.
    if (!track.empty() && track.back()[0] >= t_s) return;
    track.push_back(
        {t_s, px(one.box.x), px(one.box.y), px(one.box.width), px(one.box.height), nullptr});
  };
  if (with_before) {
    for (int step = static_cast<int>(kBefore_s / kBeforeStep_s); step > 0; --step) {
      const Seen one = before(seen, step * kBeforeStep_s);
      if (one.t_s >= 0) add(one);
    }
  }
  std::for_each(seen.begin(), seen.end(), add);
  return track;
}

/// All alerts of one vehicle.
struct Judged {
  std::uint64_t id = 0;  ///< of the first
  double first_s = 0;    ///< when that was told
  VehicleClass vehicle_class = VehicleClass::vehicle;
  Side side = Side::unknown;  ///< of the pass, else of the newest alert that names one
  std::optional<double> pass_s;
  std::optional<Mark> mark;
};

std::map<int, Judged> by_vehicle(const JudgedClip& clip) {
  std::map<int, Judged> vehicles;
  for (const auto& [alert, t_s, mark] : clip.alerts) {
    const AlertVehicle* vehicle = alert.vehicle();
    if (!vehicle) continue;
    Judged& judged = vehicles[vehicle->track_id];
    if (judged.id == 0) {
      judged.id = alert.id;
      judged.first_s = t_s;
    }
    judged.vehicle_class = vehicle->vehicle_class;
    const bool passed = std::holds_alternative<AlertPass>(alert.about);
    if (passed) judged.pass_s = t_s;
    if (vehicle->side != Side::unknown && vehicle->side != Side::behind)
      judged.side = vehicle->side;
    // Who came is not taken back by what was told wrongly of it besides; late outweighs right.
    if (mark && (!judged.mark || *judged.mark == Mark::wrong || *mark == Mark::late))
      judged.mark = mark;
  }
  return vehicles;
}

/// seen: null where the sidecar doesn't show it.
Json event_json(const Judged& judged, const std::vector<Seen>* seen) {
  const double from_s = seen ? seen->front().t_s : judged.first_s;
  const double to_s = seen ? seen->back().t_s : judged.first_s;
  Json event = {{"id", fmt::format("alert {}", judged.id)},
                {"class", name(judged.vehicle_class)},
                {"side", judged.side == Side::unknown ? "" : name(judged.side)},
                {"t_visible_s", rounded(std::max(0.0, from_s - kBefore_s), 1000)},
                {"t_pass_s", rounded(std::max(judged.pass_s.value_or(to_s), from_s), 1000)},
                {"pass_seen", judged.pass_s.has_value()},
                {"mark", name(*judged.mark)}};
  if (seen) event["track"] = track_json(*seen, true);
  return event;
}

Json missed_json(const JudgedClip::MissedMoment& moment) {
  return {{"id", fmt::format("missed {}", moment.id)},
          {"class", ""},
          {"side", ""},
          {"t_visible_s", rounded(std::max(0.0, moment.t_s - kMissedLasts_s), 1000)},
          {"t_pass_s", rounded(std::max(0.0, moment.t_s), 1000)},
          {"pass_seen", false},
          {"pass_timed", false},
          {"mark", "missed"},
          {"note", moment.note}};
}

}  // namespace

Json feedback_truth(const JudgedClip& clip, const nlohmann::json& json) {
  const Sidecar sidecar = read(json);
  Json events = Json::array();
  Json others = Json::array();
  std::set<int> judged_tracks;
  for (const auto& [id, judged] : by_vehicle(clip)) {
    if (!judged.mark || *judged.mark == Mark::wrong) continue;
    const auto seen = sidecar.tracks.find(id);
    events.push_back(event_json(judged, seen == sidecar.tracks.end() ? nullptr : &seen->second));
    judged_tracks.insert(id);
  }
  const auto is_wrong = [&clip](int id) {
    return std::any_of(clip.alerts.begin(), clip.alerts.end(), [id](const auto& one) {
      const AlertVehicle* vehicle = one.alert.vehicle();
      return vehicle && vehicle->track_id == id && one.mark == Mark::wrong;
    });
  };
  for (const auto& [id, seen] : sidecar.tracks) {
    if (judged_tracks.contains(id)) continue;
    others.push_back({{"id", fmt::format("track {}", id)},
                      {"kind", is_wrong(id) ? "marked wrong" : "not marked"},
                      {"t0_s", rounded(seen.front().t_s, 1000)},
                      {"t1_s", rounded(seen.back().t_s, 1000)},
                      {"track", track_json(seen, false)}});
  }
  for (const auto& moment : clip.missed) events.push_back(missed_json(moment));
  return {{"input", clip.input},
          {"fps", rounded(sidecar.fps, 1000)},
          {"duration_s", rounded(sidecar.end_s, 1000)},
          {"events", std::move(events)},
          {"others", std::move(others)},
          {"ignore", Json::array()},
          {"notes", "made of a rider's marks"}};
}

}  // namespace rearview
