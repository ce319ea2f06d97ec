#pragma once

#include <opencv2/core.hpp>

#include "analyse/common/constant_velocity_filter.h"

namespace rearview {

/// Kalman filter over a vehicle's whole box, also where the picture's border cuts it: centre x and
/// y in pixels, width and height as logarithms, each with its rate of change (constant velocity,
/// white acceleration). The logarithm makes an even approach an almost constant rate and its rate
/// the picture's relative growth. Time is in seconds, so the frame rate doesn't matter.
class BoxFilter {
 public:
  /// detected: as detectors report it, within the picture.
  BoxFilter(const cv::Rect2f& detected, cv::Size picture);

  void predict(double dt_s);
  /// spread: how much worse than a good detection this one is placed, as a factor >= 1. An edge on
  /// the picture's border says only that the vehicle reaches it: its size then comes from the
  /// other side of the box and from what was known before.
  void correct(const cv::Rect2f& detected, double spread);

  /// The whole box; may reach beyond the picture.
  cv::Rect2f box() const;
  /// The part of it inside the picture; empty if there is none.
  cv::Rect2f visible() const;
  /// Growth of the height per second, relative.
  double growth_per_s() const { return log_height_.rate().value; }

 private:
  double width() const;
  double height() const;

  cv::Size picture_;
  ConstantVelocityFilter x_;
  ConstantVelocityFilter y_;
  ConstantVelocityFilter log_width_;
  ConstantVelocityFilter log_height_;
};

}  // namespace rearview
