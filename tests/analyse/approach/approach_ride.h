#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "analyse/approach/approach_stage.h"
#include "tests/analyse/frames.h"

namespace rearview::test {

inline constexpr double kFocal_px = 500;
inline constexpr float kHorizon_px = 150;
inline constexpr double kHeight_m = 0.9;

/// A car seen by a camera 0.9 m above the road, `ahead` metres behind it and `right` metres to the
/// picture's right.
inline cv::Rect2f car_box(double ahead, double right) {
  const double scale = kFocal_px / ahead;
  return cv::Rect2f(cv::Rect2d(320 + (right - 0.9) * scale,
                               kHorizon_px + kHeight_m * scale - 1.5 * scale, 1.8 * scale,
                               1.5 * scale)) &
         cv::Rect2f(0, 0, 640, 360);
}

/// Plays tracks to the stage, and keeps what it says.
class Ride {
 public:
  explicit Ride(const ApproachConfig& config = {}) : stage_(config) {}

  Analysis step(double t_s, const std::vector<Track>& tracks, Road road = Road::unknown) {
    const FramePtr frame = frame_at(t_s, ++seq_, flat_planes({640, 360}, 100));
    Analysis analysis;
    analysis.t_s = t_s;
    analysis.road = road;
    analysis.tracks = tracks;
    for (const Track& track : tracks) {
      if (named && track.id != unnamed_id && !track.coasting)
        analysis.detections.push_back({.box = track.box, .score = 0.9F, .growth_per_s = {}});
    }
    for (const Track& track : tracks) {
      if (growth_per_s)
        analysis.detections.push_back({.box = track.box,
                                       .score = 0.9F,
                                       .growth_per_s = growth_per_s,
                                       .growth_sigma_per_s = 0.03});
    }
    analysis.view.emplace();
    analysis.view->shown = cv::Rect2f(0, 0, 640, 360);
    analysis.view->vanishing = {320, kHorizon_px};
    analysis.view->vanishing_sigma_px = 2;
    analysis.view->focal_px = kFocal_px;
    shown_.show(stage_, *frame, analysis);
    for (const Alert& alert : analysis.alerts) {
      kinds.push_back(alert.kind);
      alerts.push_back(alert);
      times.push_back(t_s);
    }
    return analysis;
  }
  int count(AlertKind kind) const {
    return static_cast<int>(std::count(kinds.begin(), kinds.end(), kind));
  }
  void reset() { stage_.reset(); }

  bool named = true;                   ///< a detector that knows vehicles sees the tracks
  int unnamed_id = 0;                  ///< but this one
  std::optional<double> growth_per_s;  ///< what a detector of movement says of all of them
  std::vector<AlertKind> kinds;
  std::vector<Alert> alerts;
  std::vector<double> times;

 private:
  ApproachStage stage_;
  Shown shown_;
  std::uint64_t seq_ = 0;
};

inline Track car(int id, const cv::Rect2f& box, bool coasting = false) {
  Track track;
  track.id = id;
  track.vehicle_class = VehicleClass::car;
  track.score = 0.9F;
  track.box = box;
  track.detections = 10;
  track.coasting = coasting;
  return track;
}

/// One car whose distance is a function of time, seen at 30 frames a second until it is out of the
/// picture.
inline Analysis drive(Ride& ride, double from_s, double to_s,
                      const std::function<double(double)>& ahead, double right, int id = 1,
                      double step_s = 1.0 / 30) {
  Analysis last;
  for (double t = from_s; t < to_s; t += step_s) {
    const double distance = ahead(t);
    std::vector<Track> tracks;
    if (distance > 0.5) {
      const cv::Rect2f box = car_box(distance, right);
      if (box.width > 2 && box.height > 2) tracks.push_back(car(id, box));
    }
    last = ride.step(t, tracks);
  }
  return last;
}

}  // namespace rearview::test
