#include "analyse/looming/point_motion.h"

#include <algorithm>
#include <cmath>

#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning::point_motion;

bool fixed_to_camera(const PointTracker& points, const PointPath& path, const EgoMotion& ego,
                     int back) {
  const cv::Point2d from = points.at(path, back);
  const cv::Point2d now = points.at(path, 0);
  const cv::Point2d turned = ego.turned(from);
  const double moved = std::hypot(now.x - from.x, now.y - from.y);
  const double expected = std::hypot(turned.x - from.x, turned.y - from.y);
  return moved < kFixed_px && expected > kTurnedEnough_px;
}

}  // namespace

std::vector<PointMotion> point_motions(const PointTracker& points, const EgoMotion& far,
                                       int far_back, const EgoMotion& near, int near_back) {
  std::vector<PointMotion> motions;
  motions.reserve(points.paths().size());
  for (const PointPath& path : points.paths()) {
    const bool reaches_far = path.length > far_back && far.motion().known;
    const int back = reaches_far ? far_back : near_back;
    const EgoMotion& ego = reaches_far ? far : near;
    const CameraMotion& camera = ego.motion();
    if (path.length <= back || !camera.known || camera.seconds <= 0) continue;
    if (fixed_to_camera(points, path, ego, back)) continue;

    PointMotion motion;
    motion.id = path.id;
    motion.from = ego.turned(points.at(path, back));
    motion.now = points.at(path, 0);
    motion.seconds = camera.seconds;
    const cv::Point2d shift = motion.now - motion.from;
    motion.velocity = shift / motion.seconds;
    const cv::Point2d arm = motion.from - camera.contraction;
    const double reach = std::max(kLeastArm_px, std::hypot(arm.x, arm.y));
    const cv::Point2d outward = arm / reach;
    const cv::Point2d sideways(-outward.y, outward.x);
    const double common = kCommonNoise * camera.noise_px * camera.noise_px;
    const double variance_out = place_variance(path.structure, outward) + common;
    const double variance_side = place_variance(path.structure, sideways) + common;
    motion.velocity_sigma = {
        std::sqrt(place_variance(path.structure, {1, 0}) + common) / motion.seconds,
        std::sqrt(place_variance(path.structure, {0, 1}) + common) / motion.seconds};
    motion.expansion = outward.dot(shift) / reach / motion.seconds;
    motion.expansion_sigma = std::sqrt(variance_out) / reach / motion.seconds;
    motion.across = sideways.dot(shift) / motion.seconds;
    motion.across_sigma = std::sqrt(variance_side) / motion.seconds;
    motion.least_contraction = ego.least_contraction(motion.from.y);

    const double margin = kSignificant * motion.expansion_sigma;
    const double contraction = -motion.expansion;
    if (std::abs(motion.across) > kAstray_sigma * motion.across_sigma &&
        std::abs(motion.across) > kAstrayShare * std::abs(motion.expansion) * reach)
      motion.kind = PointMotion::Kind::astray;
    else if (motion.expansion > margin && motion.expansion > kLeastExpansion_per_s)
      motion.kind = PointMotion::Kind::coming;
    else if (contraction < kAlongShare * motion.least_contraction - margin)
      motion.kind = PointMotion::Kind::along;
    else
      motion.kind = PointMotion::Kind::still;
    motions.push_back(motion);
  }
  return motions;
}

}  // namespace rearview
