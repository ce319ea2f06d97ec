#pragma once

#include <cmath>

namespace rearview {

/// How high above the road the camera sits, learnt from the vehicles it sees: one that is W wide
/// and w pixels in the picture, with its foot b pixels below the horizon, says W * b / w. Each
/// vehicle counts once, because all its pictures share the error of its unknown width. One thread.
class CameraHeight {
 public:
  /// first_m: where to start; what a mount leaves open is in the doubt.
  explicit CameraHeight(double first_m) : log_(std::log(first_m)) {}

  void see(double height_m);
  double value_m() const { return std::exp(log_); }
  /// One standard deviation, as a share.
  double sigma_share() const { return std::sqrt(variance_); }

 private:
  static constexpr double kFirstShare = 0.25;
  double log_;
  double variance_ = kFirstShare * kFirstShare;
};

}  // namespace rearview
