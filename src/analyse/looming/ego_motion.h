#pragma once

#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "analyse/looming/point_tracker.h"

namespace rearview {

/// How the camera moved between two pictures, and what a thing at rest would have done in them.
struct CameraMotion {
  bool known = false;
  double seconds = 0;       ///< between the two pictures
  cv::Vec3d rotation;       ///< rad about x (right), y (down), z (into the picture)
  cv::Point2d contraction;  ///< focus of contraction: what recedes runs towards it, pixels
  double road_rate = 0;     ///< share per second and per pixel below the focus that road contracts
  double noise_px = 0.5;    ///< robust spread of what the model leaves over
};

/// Estimates the camera's own motion from paths of corners. A thing at rest moves, once the
/// rotation is taken out, towards the focus of contraction (Longuet-Higgins and Prazdny 1980), and
/// at a row below the horizon nothing at rest is farther off than the road, which contracts in
/// proportion to the rows below the horizon. What contracts less than the road there moves along
/// with the camera; what expands comes closer, wherever it is. Vehicles on parallel paths obey the
/// first rule too and so don't disturb the rotation.
class EgoMotion {
 public:
  /// size of the pictures; focal_px by the lens.
  EgoMotion(cv::Size size, double focal_px);

  /// Motion from `back` pictures ago until now.
  const CameraMotion& estimate(const PointTracker& points, int back);
  void reset();

  const CameraMotion& motion() const { return motion_; }
  /// Slow mean of the focus: the vanishing point of the way, its row the horizon.
  cv::Point2d focus() const { return focus_; }
  /// Whether the camera moved along lately, so that the focus means something.
  bool riding() const;
  /// How fast the picture turns to the side.
  double turn_px_per_s() const {
    return motion_.seconds > 0 ? focal_ * std::abs(motion_.rotation[1]) / motion_.seconds : 0;
  }
  /// How well the focus is known; it starts with what a mount leaves open.
  double focus_sigma_px() const { return focus_sigma_; }
  /// The vanishing point in the newest picture, shake included.
  cv::Point2d vanishing() const { return motion_.known ? motion_.contraction : focus_; }
  /// Where a point infinitely far away has gone since.
  cv::Point2d turned(cv::Point2d from) const;
  /// The other way: where something infinitely far away was.
  cv::Point2d before_turn(cv::Point2d now) const;
  /// Least contraction per second that a thing at rest shows at this row; 0 above the horizon.
  double least_contraction(double row) const;

 private:
  cv::Point2d mapped(const cv::Matx33d& turn, cv::Point2d place) const;
  void fit_road(const PointTracker& points, int back);

  cv::Size size_;
  double focal_;
  cv::Point2d centre_;
  cv::Point2d focus_;
  double focus_sigma_ = 0;
  CameraMotion motion_;
  cv::Matx33d turn_;
  double riding_ = 0;  ///< slow mean of whether the picture contracts
  double road_rate_ = 0;
  bool road_known_ = false;
};

}  // namespace rearview
