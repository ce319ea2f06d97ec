#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "analyse/common/estimate.h"
#include "analyse/looming/ego_motion.h"
#include "analyse/looming/point_tracker.h"

namespace rearview {

/// Growth per second of the pattern that a thing's corners make. The camera's rotation doesn't
/// change it, so long spans need no model of the camera: the longer, the surer. members: ids of the
/// corners, ascending. nullopt where too few reach back far enough.
std::optional<Estimate> pattern_growth(const PointTracker& points,
                                       const std::vector<std::uint32_t>& members);

/// The thing's outline by what moves like its corners, over a span in which it has moved some
/// pixels against the background. speed: px/s; core: its corners' hull; room: how far it may reach.
std::optional<cv::Rect2d> pattern_outline(const PointTracker& points, const EgoMotion& ego,
                                          const std::vector<std::uint32_t>& members, double speed,
                                          const cv::Rect2d& core, const cv::Rect2d& room);

/// Where a thing may reach: some way about its corners' hull, but not over its neighbours' corners
/// nor out of `active`.
cv::Rect2d room_about(const cv::Rect2d& hull, const std::vector<cv::Rect2d>& others,
                      const cv::Rect2d& active);

}  // namespace rearview
