#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <opencv2/core.hpp>
#include <vector>

#include "analyse/looming/cluster_motion.h"
#include "analyse/looming/plausible.h"
#include "analyse/looming/point_motion.h"

namespace rearview {

/// Corners that travel as one thing.
struct MotionCluster {
  ClusterMotion motion;
  cv::Rect2d hull;  ///< about the corners that agree, a little padded
};

/// Joins corners that can't be at rest to things no larger than one vehicle. owner: number of the
/// thing that a corner's id belonged to before, 0 for none; what was together stays together
/// rather.
std::vector<MotionCluster> cluster_movers(const std::vector<PointMotion>& motions,
                                          const std::function<int(std::uint32_t)>& owner,
                                          const Plausible& plausible);

/// Whether the chosen corners lie along one line: those belong to a mark on the road, a kerb or a
/// pole.
bool lie_on_a_line(const std::vector<PointMotion>& motions, const std::vector<std::size_t>& chosen);

}  // namespace rearview
