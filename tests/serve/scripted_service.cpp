// A service without a camera for the browser tests: it draws a road, and reads from standard input
// what happens on it, one command a line:
// clang-format off
//   road NAME         what the analyses say (unknown, clear, following, approaching, danger, blind, no_signal)
//   vehicles N        how many are behind (0 to 8)
//   state NAME        ok, degraded, failed
//   alert KIND SIDE [TRACK]   raises an alert; SIDE as in the picture; without TRACK of a vehicle
//                     of its own
//   attach ID SNAPSHOT CLIP TRACKS   gives an alert these files
//   open ID           its clip is still being recorded
//   ride ID           what is missed from now on is of this ride; 0: of none
//   attach_missed ID CLIP TRACKS   gives a missed moment these files
//   history           a ride that goes on with one pass, and one that has ended
//   disk TEXT         what is wrong with the store's disk; nothing: all is well
//   freeze | thaw     stops and resumes the pictures
//   silence | speak   stops and resumes the analyses
//   quit
// clang-format on
// Prints "port N" when it listens.
#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <thread>

#include "serve/service.h"
#include "tests/serve/memory_history.h"
#include "types/json.h"

namespace rearview::test {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 360;
constexpr double kHorizon = 150;
const Position kRider{48.137155, 11.575432, 3.6};

struct Script {
  Road road = Road::clear;
  AnalysisState state = AnalysisState::ok;
  int vehicles = 0;
  bool frozen = false;
  bool silent = false;
};

/// Vehicle number index at time t_s: comes closer again and again, each a little behind the last.
Track vehicle(int index, double t_s) {
  Track track;
  track.id = index + 1;
  track.vehicle_class = static_cast<VehicleClass>(index % 7);
  track.score = 0.8F;
  const double phase = std::fmod(t_s / 9.0 + index * 0.31, 1.0);
  const double distance_m = 8 + 70 * (1 - phase);
  track.distance_m = distance_m;
  track.closing_mps = 70.0 / 9.0;
  track.ttc_s = distance_m / *track.closing_mps;
  track.ttc_sigma_s = 0.3;
  track.side = index % 3 == 2 ? Side::behind : index % 3 == 0 ? Side::right : Side::left;
  track.lateral_m = track.side == Side::behind ? 0.1 : 1.6;
  track.motion = index % 4 == 3 ? Motion::holding : Motion::approaching;
  track.threat = track.motion == Motion::holding ? 0 : *track.ttc_s < 3 ? 2 : 1;
  const double scale = 8 / distance_m;
  const double x = kWidth / 2.0 + (track.side == Side::right  ? 150.0
                                   : track.side == Side::left ? -150.0
                                                              : 0.0) *
                                      scale;
  const double width = 190 * scale;
  track.box = cv::Rect2d(x - width / 2, kHorizon + 150 * scale - width * 0.8, width, width * 0.8);
  return track;
}

cv::Mat draw(const std::vector<Track>& tracks, double t_s) {
  cv::Mat picture(kHeight, kWidth, CV_8UC3, cv::Scalar(196, 170, 140));
  picture.rowRange(static_cast<int>(kHorizon), kHeight) = cv::Scalar(92, 120, 96);
  const std::vector<cv::Point> road{{300, 150}, {340, 150}, {700, 360}, {-60, 360}};
  cv::fillConvexPoly(picture, road, cv::Scalar(88, 88, 88), cv::LINE_AA);
  for (int i = 0; i < 12; ++i) {  // lane marks run away from the rider
    const double depth = std::fmod(i / 12.0 + 1 - std::fmod(t_s * 0.9, 1.0) / 12.0, 1.0);
    const int y = static_cast<int>(kHorizon + 210 * depth * depth);
    const int w = static_cast<int>(1 + 9 * depth * depth);
    cv::rectangle(picture, cv::Rect(320 - w / 2, y, w, 1 + w * 2), cv::Scalar(235, 235, 235), -1);
  }
  const std::vector<cv::Scalar> colours{{90, 190, 90}, {40, 170, 240}, {60, 60, 230}};
  for (const Track& track : tracks) {
    const cv::Rect box = track.box;
    cv::rectangle(picture, box, cv::Scalar(70, 50, 40), -1, cv::LINE_AA);
    cv::rectangle(
        picture,
        cv::Rect(box.x + box.width / 8, box.y + box.height / 10, box.width * 3 / 4, box.height / 3),
        cv::Scalar(200, 190, 180), -1);
    cv::rectangle(picture, box, colours.at(static_cast<std::size_t>(track.threat)), 2, cv::LINE_AA);
    cv::putText(picture, fmt::format("{:.1f} s", *track.ttc_s), {box.x, std::max(12, box.y - 5)},
                cv::FONT_HERSHEY_SIMPLEX, 0.45, colours.at(static_cast<std::size_t>(track.threat)),
                1, cv::LINE_AA);
  }
  return picture;
}

class ScriptedService {
 public:
  explicit ScriptedService(std::vector<std::string> cameras)
      : cameras_(std::move(cameras)),
        service_(config(), cameras_, history_, [this] { return status(); }) {
    service_.show_settings(settings());
    service_.show_settings_schema(settings_schema());
    service_.start();
    fmt::print("port {}\n", service_.port());
    std::fflush(stdout);
    player_ = std::jthread([this](const std::stop_token& stop) { play(stop); });
  }

  /// False after "quit".
  bool obey(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::string value;
    std::string side;
    words >> command >> value >> side;
    if (command == "quit") return false;
    if (command == "alert") {
      int track = 0;
      if (!(words >> track)) track = ++last_track_;
      raise(value, side, track);
      return true;
    }
    if (command == "attach") {
      std::string clip;
      std::string tracks;
      words >> clip >> tracks;
      history_.attach(std::stoull(value), side, clip, tracks);
      service_.publish_update(
          {std::stoull(value), false, history_.alert(std::stoull(value))->keeping});
      return true;
    }
    if (command == "attach_missed") {
      std::string tracks;
      words >> tracks;
      history_.attach(std::stoull(value), {}, side, tracks);
      service_.publish_missed(
          {false, history_.missed({.after = std::stoull(value) - 1, .limit = 1}).front()});
      return true;
    }
    if (command == "ride") {
      const std::uint64_t ride = std::stoull(value);
      history_.set_ride_of_missed(ride > 0 ? std::optional(ride) : std::nullopt);
    }
    if (command == "open") history_.set_open(std::stoull(value));
    if (command == "history") tell_history();
    if (command == "disk") {
      StoreStatus status;
      status.persistent = true;
      status.problem = value;
      history_.set_status(status);
    }
    const std::lock_guard lock(mutex_);
    if (command == "road") script_.road = from_name<Road>(value).value();
    if (command == "state") script_.state = from_name<AnalysisState>(value).value();
    if (command == "vehicles") script_.vehicles = std::stoi(value);
    if (command == "freeze") script_.frozen = true;
    if (command == "thaw") script_.frozen = false;
    if (command == "silence") script_.silent = true;
    if (command == "speak") script_.silent = false;
    return true;
  }

 private:
  static ServeConfig config() {
    ServeConfig config;
    config.site.port = 0;
    config.site.allowed_hosts = {
        "board.local"};  // what tests call this machine where it must be another
    return config;
  }

  static nlohmann::ordered_json settings() {
    return {{"log_level", "info"},
            {"serve", {{"host", "127.0.0.1"}, {"write_timeout_ms", 10'000}, {"allowed_hosts", {}}}},
            {"mail", {{"password", "***"}, {"queue_bytes", 1 << 20}, {"urgent", true}}},
            {"cameras",
             {{{"name", "rear"},
               {"url", "tcp://***@rearview.local:5000"},
               {"stages", {{{"type", "approach"}, {"close_pass_m", 1.5}}}}}}}};
  }

  /// Of some of the settings, as of another version's.
  static nlohmann::ordered_json settings_schema() {
    const auto object = [](nlohmann::ordered_json properties) {
      return nlohmann::ordered_json{{"type", "object"}, {"properties", std::move(properties)}};
    };
    const nlohmann::ordered_json timeout{
        {"description", "A client that takes nothing for so long is closed."}, {"default", 5'000}};
    const nlohmann::ordered_json level{{"description", "Less important lines are left out."},
                                       {"default", "info"}};
    nlohmann::ordered_json approach =
        object({{"type", {{"const", "approach"}}}, {"close_pass_m", {{"default", 1.5}}}});
    nlohmann::ordered_json camera =
        object({{"stages", {{"items", {{"oneOf", nlohmann::ordered_json::array({approach})}}}}}});
    return object({{"log_level", level},
                   {"serve", object({{"write_timeout_ms", timeout}})},
                   {"cameras", {{"items", camera}}}});
  }

  Script script() const {
    const std::lock_guard lock(mutex_);
    return script_;
  }

  std::vector<CameraStatus> status() const {
    const Script now = script();
    std::vector<CameraStatus> all;
    for (const std::string& name : cameras_) {
      CameraStatus& one = all.emplace_back();
      one.name = name;
      one.url = "tcp://rearview.local:5000";
      one.state = now.road == Road::no_signal ? CameraState::connecting
                  : now.road == Road::blind   ? CameraState::blind
                                              : CameraState::live;
      one.text = now.road == Road::no_signal ? "no connection to the camera" : "";
      one.analysis = now.state;
      one.road = now.road;
      one.width_px = kWidth;
      one.height_px = kHeight;
      one.fps_in = one.fps_analysed = 25;
      one.total = {18.2, 24.9};
      one.drops = {{"before_decode", 0}};
    }
    return all;
  }

  void tell_history() {
    Ride ride;
    ride.id = 1;
    ride.camera = cameras_.front();
    ride.start = WallClock::now() - std::chrono::minutes(42);
    ride.duration_s = 2520;
    ride.travelled = {14'870, 2480, 2310};
    ride.passes = ride.close_passes = ride.alerts = 1;
    Pass pass;
    pass.id = 2;
    pass.ride = 1;
    pass.alert = 2;
    pass.camera = ride.camera;
    pass.time = WallClock::now();
    pass.close = true;
    pass.vehicle_class = VehicleClass::car;
    pass.side = Side::left;
    pass.lead_s = 3.4;
    pass.lateral_m = 0.9;
    pass.position = kRider;
    pass.rider_speed_mps = 6.94;
    pass.ride_distance_m = 14'212;
    Ride ended = ride;
    ended.id = 2;
    ended.end = WallClock::now();
    history_.set_history({ride, ended}, {pass});
  }

  void raise(const std::string& kind, const std::string& side, int track) {
    Alert alert;
    alert.camera = cameras_.front();
    alert.time = WallClock::now();
    alert.kind = from_name<AlertKind>(kind).value();
    const bool of_vehicle = alert.kind <= AlertKind::close_pass;
    alert.level = alert.kind == AlertKind::fast_approach || alert.kind == AlertKind::close_pass
                      ? AlertLevel::danger
                  : of_vehicle && alert.kind != AlertKind::overtake ? AlertLevel::warning
                                                                    : AlertLevel::info;
    if (of_vehicle) {
      const AlertVehicle vehicle{.track_id = track,
                                 .vehicle_class = VehicleClass::car,
                                 .distance_m = 21,
                                 .closing_mps = 6.2,
                                 .side = from_name<Side>(side).value(),
                                 .lateral_m = 1.4};
      if (alert.kind == AlertKind::overtake || alert.kind == AlertKind::close_pass)
        alert.about = AlertPass{vehicle};
      else
        alert.about = AlertApproach{vehicle, 3.4};
      alert.position = kRider;
      alert.rider_speed_mps = 6.94;
    }
    service_.publish_alert(std::make_shared<const KeptAlert>(history_.store(std::move(alert))));
  }

  /// No picture that can be decoded: just what one would be wrapped in.
  static LiveAccessUnit access_unit(std::uint64_t seq, double t_s) {
    LiveAccessUnit unit;
    unit.idr = unit.has_parameter_sets = seq % 25 == 1;
    unit.bytes = {0, 0, 0, 1, static_cast<std::uint8_t>(unit.idr ? 0x65 : 0x41)};
    unit.epoch = 1;
    unit.seq = seq;
    unit.t_s = t_s;
    return unit;
  }

  void play(const std::stop_token& stop) {
    const SteadyTime start = SteadyClock::now();
    for (std::uint64_t seq = 1; !stop.stop_requested(); ++seq) {
      const double t_s = seconds_between(start, SteadyClock::now());
      const Script now = script();
      Analysis analysis;
      analysis.epoch = 1;
      analysis.seq = seq;
      analysis.time = WallClock::now();
      analysis.t_s = t_s;
      analysis.state = now.state;
      analysis.road = now.road;
      if (now.road == Road::blind) analysis.text = "the picture is dark: lens covered?";
      analysis.view = {.shown = {0, 0, 640, 360},
                       .vanishing = {320, 158},
                       .vanishing_sigma_px = 2.2,
                       .focal_px = 457,
                       .pitch_deg = -2.8,
                       .camera_height_m = 0.92,
                       .camera_height_sigma_m = 0.1};
      for (int i = 0; i < now.vehicles; ++i) analysis.tracks.push_back(vehicle(i, t_s));
      analysis.latency = {2.1, 14.0, 18.2};
      for (std::size_t camera = 0; camera < cameras_.size(); ++camera) {
        analysis.camera = cameras_[camera];
        if (!now.frozen) service_.publish_access_unit(camera, access_unit(seq, t_s));
        if (!now.silent)
          service_.publish_analysis(camera, std::make_shared<const Analysis>(analysis));
        if (now.frozen || !service_.wants_pictures(camera)) continue;
        std::vector<unsigned char> jpeg;
        cv::imencode(".jpg", draw(analysis.tracks, t_s), jpeg, {cv::IMWRITE_JPEG_QUALITY, 80});
        service_.publish_picture(camera,
                                 std::make_shared<const std::string>(jpeg.begin(), jpeg.end()));
      }
      std::this_thread::sleep_until(start + std::chrono::milliseconds(40 * seq));
    }
  }

  std::vector<std::string> cameras_;
  mutable std::mutex mutex_;
  Script script_;  ///< guarded by mutex_
  int last_track_ = 100;
  MemoryHistory history_;
  Service service_;
  std::jthread player_;
};

}  // namespace
}  // namespace rearview::test

int main(int argc, char** argv) {
  std::vector<std::string> cameras(argv + 1, argv + argc);
  if (cameras.empty()) cameras.emplace_back("rear");
  rearview::test::ScriptedService service(std::move(cameras));
  std::string line;
  while (std::getline(std::cin, line) && service.obey(line)) {
  }
}
