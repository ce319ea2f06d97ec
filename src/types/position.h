#pragma once

#include <optional>

#include "base/clock.h"

namespace rearview {

/// Where the rider is, WGS 84.
struct Position {
  double lat_deg = 0;
  double lon_deg = 0;
  std::optional<double> accuracy_m;  ///< horizontally, as the receiver estimates it
};

/// How far the rider has come, as far as it is known.
struct Travelled {
  double distance_m = 0;
  double known_s = 0;   ///< for which the distance is known
  double moving_s = 0;  ///< of these, those not spent standing
};

/// What is known of the rider at one moment. Nothing in it is made up.
struct RiderFix {
  SteadyTime at;  ///< arrival
  Position position;
  std::optional<double> speed_mps;
  Travelled travelled;  ///< since the program's start
};

/// Of the track of a ride, a second at most after another.
struct TrackPoint {
  int t_s = 0;  ///< since the ride began, as Ride::duration_s counts
  Position position;
  std::optional<double> speed_mps;
  double distance_m = 0;  ///< of the ride, up to here
};

}  // namespace rearview
