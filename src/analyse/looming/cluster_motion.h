#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "analyse/looming/point_motion.h"

namespace rearview {

/// Motion of a cluster of corners as one rigid thing that turns its face to the camera: velocity
/// about `centre` plus growth times the distance from it.
struct ClusterMotion {
  cv::Point2d centre;
  cv::Point2d velocity;  ///< px/s
  double growth = 0;     ///< per second
  double growth_sigma = 0;
  std::vector<std::size_t> inliers;  ///< indices into the motions it was fitted to
};

/// Halfway along its path.
cv::Point2d middle(const PointMotion& motion);

/// Robust least squares over the chosen motions; nullopt with fewer than three that agree.
std::optional<ClusterMotion> fit_cluster(const std::vector<PointMotion>& motions,
                                         const std::vector<std::size_t>& chosen);

}  // namespace rearview
