#include "analyse/approach/camera_height.h"

#include <algorithm>

namespace rearview {
namespace {

// One vehicle's word: the spread of cars' widths, and of where their boxes end.
constexpr double kVehicleShare = 0.2;
// Mounts slip and riders change bicycles: a little doubt comes back with each vehicle.
constexpr double kWanderShare = 0.01;
// Between a recumbent's seat and a roof.
constexpr double kLowest_m = 0.4;
constexpr double kHighest_m = 3;

}  // namespace

void CameraHeight::see(double height_m) {
  if (height_m < kLowest_m || height_m > kHighest_m) return;
  variance_ += kWanderShare * kWanderShare;
  const double gain = variance_ / (variance_ + kVehicleShare * kVehicleShare);
  // One vehicle that is no car at all must not take the estimate along.
  const double off = std::clamp(std::log(height_m) - log_, -0.5, 0.5);
  log_ += gain * off;
  variance_ *= 1 - gain;
}

}  // namespace rearview
