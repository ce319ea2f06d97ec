#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "radar/radar_encoder.h"
#include "types/analysis.h"

namespace rearview {

/// What a radar would tell of the road behind a camera. One thread.
///
/// - Told are vehicles that approach, keep their distance, or of which neither is known; one that
///   falls back is not. No vehicle is told only when the road is clear or all fall back: where
///   none is in sight and the road isn't clear yet, as with one that was lost a moment ago, the
///   last list holds; without one, a vehicle of which nothing is known is told.
/// - The form has no sign for a distance or speed that isn't known. Of a vehicle whose time to
///   contact is known, but not how far it is, kAssumedClosing_mps is told and the distance at which
///   it has that time, so that what a reader makes of the two is right. One that isn't known to
///   approach stands at kUnknownPlace_m with speed 0: it is there, and nothing is said about
///   danger.
class RadarTargets {
 public:
  /// Nearest first, kMostRadarTargets at most: those that threaten, then the nearest. analysis must
  /// be one that saw the road.
  std::vector<RadarTarget> of(const Analysis& analysis);
  /// Forgets everything: what was told before has nothing to do with what comes.
  void reset();
  /// Vehicles that were not told because there were too many, since the start.
  std::uint64_t left_out() const { return left_out_; }

 private:
  using Vehicle = std::pair<std::uint32_t, int>;  ///< epoch and track
  std::uint8_t id_of(const Vehicle& vehicle);

  std::map<Vehicle, std::uint8_t> ids_;  ///< of those in told_
  std::vector<RadarTarget> told_;
  std::uint8_t next_ = 0;
  std::uint64_t left_out_ = 0;
};

/// 36 km/h: a car at 55 behind a bicycle at 19.
constexpr double kAssumedClosing_mps = 10;
/// As far as these radars reach.
constexpr double kUnknownPlace_m = 140;

}  // namespace rearview
