#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "analyse/looming/ego_motion.h"
#include "analyse/looming/point_tracker.h"

namespace rearview {

/// What one corner did, the camera's rotation taken out.
struct PointMotion {
  enum class Kind {
    still,    ///< as a thing at rest would
    along,    ///< contracts less than the road there: travels with the camera
    coming,   ///< expands
    astray,   ///< across the lines to the focus
    unknown,  ///< too short a path, or too blurred along the line that matters
  };
  std::uint32_t id = 0;
  cv::Point2d from;      ///< place at the start, turned into the newest picture
  cv::Point2d now;       ///< place in the newest picture
  double seconds = 0;    ///< between the two
  cv::Point2d velocity;  ///< px/s
  double expansion = 0;  ///< per second, away from the focus
  double expansion_sigma = 0;
  double across = 0;  ///< px/s
  double across_sigma = 0;
  double least_contraction = 0;  ///< per second, of a thing at rest in this row
  cv::Point2d velocity_sigma;    ///< px/s, along x and along y
  Kind kind = Kind::unknown;
};

/// Judges every corner whose path is long enough: over the long motion where the path reaches that
/// far, else over the short one. Corners that don't turn with the picture (own bicycle, bonnet,
/// watermark, burned-in clock) are left out.
std::vector<PointMotion> point_motions(const PointTracker& points, const EgoMotion& far,
                                       int far_back, const EgoMotion& near, int near_back);

}  // namespace rearview
