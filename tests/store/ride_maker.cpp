// Leaves a store folder behind as a ride of 45 minutes does: `ride_maker FOLDER`.
// 24 cars overtook, each with its snapshots and its clip, some of them close; then the camera was
// lost.
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "store/event_recorder.h"
#include "tests/support/frames.h"
#include "tests/support/test_stream.h"

namespace rearview::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;

constexpr int kFps = 25;
constexpr double kRide_s = 2700;
constexpr int kCars = 24;
constexpr StreamOptions kStream{.width = 640, .height = 360, .fps = kFps, .gop = kFps};
constexpr double kClosePass_m = 1.5;
const WallTime kStart = sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::minutes(510);

WallTime wall(double t_s) {
  return kStart + milliseconds(std::llround(t_s * 1000));
}

class RideMaker {
 public:
  explicit RideMaker(StoreConfig config) : config_(std::move(config)), store_(config_) {}

  void encounters() {
    ride_to(0);
    for (int car = 0; car < kCars; ++car) encounter(car, 60 + car * 108 + (car * 37) % 60);
    ride_to(kRide_s);
    Alert lost = alert(2650, AlertKind::camera_lost, AlertLevel::danger);
    lost.text = "no connection to the camera";
    store_.append(lost);
    if (!store_.flush() || store_.status().clips_written != kCars)
      throw std::runtime_error("not everything could be written: " + store_.status().problem +
                               store_.status().media_problem);
  }

 private:
  /// The ride has gone on so far, with the rider at 5 to 8 m/s.
  void ride_to(double t_s) {
    store_.camera_seen("rear", wall(0), true);
    store_.rider_moved({SteadyClock::now(),
                        position(t_s),
                        speed_mps(t_s),
                        {6.5 * t_s - 60 * std::cos(t_s / 40) + 60, t_s, 0.9 * t_s}},
                       true);
  }
  static double speed_mps(double t_s) { return 6.5 + 1.5 * std::sin(t_s / 40); }
  static Position position(double t_s) { return {48.1 + t_s * 6.5 / 111'195, 11.5, 4.0}; }

  static Alert alert(double t_s, AlertKind kind, AlertLevel level) {
    Alert made;
    made.camera = "rear";
    made.time = wall(t_s);
    made.t_s = t_s;
    made.kind = kind;
    made.level = level;
    made.epoch = 1;
    made.latency = {2, 20, 25};
    made.position = position(t_s);
    made.rider_speed_mps = speed_mps(t_s);
    return made;
  }

  /// From the car's first alert to its pass.
  static double lead_s(int car) { return 1.5 + std::fmod(car * 0.7, 6); }

  /// The car moves to the right through the picture while it comes nearer.
  static Track track(int car, double since_s) {
    Track seen;
    seen.id = car + 1;
    seen.vehicle_class = VehicleClass::car;
    seen.score = 0.9F;
    seen.box = cv::Rect2d(100 + 50 * since_s, 100, 80, 60);
    seen.motion = Motion::approaching;
    seen.threat = 1;
    seen.ttc_s = std::max(0.1, lead_s(car) - since_s);
    seen.distance_m = 6.2 * *seen.ttc_s;
    seen.closing_mps = 6.2;
    seen.side = car % 3 == 0 ? Side::left : Side::right;
    return seen;
  }

  void encounter(int car, double first_s) {
    const double pass_s = first_s + lead_s(car);
    const double lateral_m = 0.8 + std::fmod(car * 0.37, 2);
    // One for each car: its end waits until everything is written, however slow the disk is.
    EventRecorder recorder(config_, store_, {"rear"},
                           [this](const Frame&, const Analysis&) { return picture_; });
    const int first = static_cast<int>((first_s - 1) * kFps) / kFps * kFps;
    const int last = static_cast<int>((pass_s + config_.clips.post_roll_s) * kFps) + 1;
    for (int seq = first; seq <= last; ++seq) {
      Analysis analysis;
      analysis.camera = "rear";
      analysis.epoch = 1;
      analysis.seq = static_cast<std::uint64_t>(seq);
      analysis.t_s = static_cast<double>(seq) / kFps;
      analysis.time = wall(analysis.t_s);
      analysis.road = Road::approaching;
      if (analysis.t_s <= pass_s) analysis.tracks.push_back(track(car, analysis.t_s - first_s));
      const auto seen = std::make_shared<const Analysis>(analysis);
      recorder.access_unit(0, unit(seq));
      const auto tell = [&](double at_s, AlertKind kind, AlertLevel level) {
        if (std::lround(at_s * kFps) != seq) return;
        Alert told = alert(at_s, kind, level);
        const Track of = track(car, at_s - first_s);
        AlertVehicle vehicle{.track_id = of.id,
                             .vehicle_class = of.vehicle_class,
                             .box = of.box,
                             .closing_mps = of.closing_mps,
                             .side = of.side};
        told.frame_seq = analysis.seq;
        if (kind == AlertKind::vehicle_approaching) {
          vehicle.distance_m = of.distance_m;
          told.about = AlertApproach{vehicle, of.ttc_s};
        } else {
          vehicle.lateral_m = lateral_m;
          told.about = AlertPass{vehicle, at_s};
        }
        ride_to(at_s);
        recorder.alert(0, store_.append(told), frame_, seen);
      };
      tell(first_s, AlertKind::vehicle_approaching, AlertLevel::warning);
      if (lateral_m < kClosePass_m)
        tell(pass_s, AlertKind::close_pass, AlertLevel::danger);
      else
        tell(pass_s, AlertKind::overtake, AlertLevel::info);
      recorder.analysis(0, seen);
    }
  }

  LiveAccessUnitPtr unit(int seq) const {
    auto made = std::make_shared<LiveAccessUnit>();
    const std::size_t picture = static_cast<std::size_t>(seq) % units_.size();
    made->bytes = units_[picture];
    made->idr = made->has_parameter_sets = picture % kStream.gop == 0;
    made->epoch = 1;
    made->seq = static_cast<std::uint64_t>(seq);
    made->t_s = static_cast<double>(seq) / kFps;
    made->received = SteadyTime{} + milliseconds(1000 / kFps) * seq;
    return made;
  }

  static std::shared_ptr<const std::string> draw_picture() {
    cv::Mat picture(kStream.height, kStream.width, CV_8UC3, cv::Scalar(196, 170, 140));
    picture.rowRange(kStream.height / 2, kStream.height) = cv::Scalar(92, 96, 96);
    cv::rectangle(picture, {380, 140, 120, 80}, cv::Scalar(40, 60, 160), cv::FILLED);
    std::vector<unsigned char> jpeg;
    cv::imencode(".jpg", picture, jpeg);
    return std::make_shared<const std::string>(jpeg.begin(), jpeg.end());
  }

  const StoreConfig config_;
  AlertStore store_;
  const std::vector<std::vector<std::uint8_t>> units_ = make_access_units(4 * kFps, kStream);
  const std::shared_ptr<const std::string> picture_ = draw_picture();
  const FramePtr frame_ =
      testing_support::frame_of(testing_support::flat_planes({kStream.width, kStream.height}, 90));
};

}  // namespace
}  // namespace rearview::test

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: ride_maker FOLDER\n");
    return 2;
  }
  const rearview::StoreConfig config{
      .folder = argv[1], .keep_days = 0, .least_free_bytes = 0, .ride_gap_s = 3600};
  rearview::test::RideMaker(config).encounters();
  // It took a moment, and was a long ride.
  rearview::StoreDatabase database(config.folder);
  database.open();
  rearview::StoredRide ride = database.latest_rides().at(0);
  ride.duration_s = rearview::test::kRide_s;
  ride.seen = rearview::test::wall(ride.duration_s);
  ride.unseen = {{2648, 2700}};
  database.insert({}, {}, {ride});
}
