#include "position/odometer.h"

#include <gps.h>

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

/// Slower is standing: receivers at rest tell up to about half of it.
constexpr double kStanding_mps = 0.7;
/// Speed says nothing about more than two missing seconds.
constexpr double kLongestBySpeed_s = 3;
/// A longer gap isn't bridged: whoever was out of sight for so long may have been anywhere.
constexpr double kLongestGap_s = 60;
/// A position at rest wanders by some metres, and by what gpsd says of it (of which it stays within
/// that in 95 of 100 cases).
constexpr double kLeastStep_m = 15;
/// The receiver's clock and ours may differ by that much over a gap: it tells late now and then.
constexpr double kClocks_s = 2;

double metres_between(const Position& a, const Position& b) {
  return earth_distance(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg);
}

double noise_of(const Position& a, const Position& b) {
  return std::max({kLeastStep_m, a.accuracy_m.value_or(0), b.accuracy_m.value_or(0)});
}

double moving(double speed_mps) {
  return speed_mps < kStanding_mps ? 0 : speed_mps;
}

}  // namespace

void Odometer::add(SteadyTime at, const GpsFix& fix) {
  const Seen now{at, fix};
  if (!last_) {
    last_ = now;
    anchor_ = fix.position;
    return;
  }
  double dt_s = seconds_between(last_->at, at);
  if (fix.time_s && last_->fix.time_s) {
    const double by_receiver_s = *fix.time_s - *last_->fix.time_s;
    if (std::abs(by_receiver_s - dt_s) < kClocks_s) dt_s = by_receiver_s;
  }
  if (dt_s <= 0) return;
  if (dt_s > kLongestGap_s) {
    anchor_ = fix.position;
    anchor_age_s_ = 0;
  } else if (dt_s <= kLongestBySpeed_s && fix.speed_mps && last_->fix.speed_mps) {
    move_by_speed(fix, dt_s);
  } else {
    move_by_position(now, dt_s);
  }
  last_ = now;
}

void Odometer::move_by_speed(const GpsFix& fix, double dt_s) {
  const double speed_mps = (moving(*last_->fix.speed_mps) + moving(*fix.speed_mps)) / 2;
  travelled_.distance_m += speed_mps * dt_s;
  travelled_.known_s += dt_s;
  if (speed_mps > 0) travelled_.moving_s += dt_s;
  anchor_ = fix.position;
  anchor_age_s_ = 0;
}

void Odometer::move_by_position(const Seen& now, double dt_s) {
  anchor_age_s_ += dt_s;
  const double step_m = metres_between(anchor_, now.fix.position);
  const double noise_m = noise_of(anchor_, now.fix.position);
  // A leap: which of the two positions was wrong can't be told.
  const bool leaps = !(step_m <= kFastest_mps * anchor_age_s_ + noise_m);
  if (!leaps) travelled_.known_s += dt_s;
  if (!leaps && step_m <= noise_m) return;
  if (!leaps) {
    travelled_.distance_m += step_m;
    travelled_.moving_s += std::min(anchor_age_s_, step_m / kStanding_mps);
  }
  anchor_ = now.fix.position;
  anchor_age_s_ = 0;
}

}  // namespace rearview
