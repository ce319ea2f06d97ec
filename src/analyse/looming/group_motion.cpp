#include "analyse/looming/group_motion.h"

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

constexpr double kOutlier = 3.5;

}  // namespace

cv::Point2d middle(const PointMotion& motion) {
  return (motion.from + motion.now) / 2;
}

std::optional<GroupMotion> fit_group(const std::vector<PointMotion>& motions,
                                     const std::vector<std::size_t>& chosen) {
  if (chosen.size() < kLeastMembers) return std::nullopt;
  GroupMotion group;
  std::vector<double> xs;
  std::vector<double> ys;
  for (const std::size_t i : chosen) {
    xs.push_back(motions[i].velocity.x);
    ys.push_back(motions[i].velocity.y);
    group.centre += middle(motions[i]);
  }
  group.centre /= static_cast<double>(chosen.size());
  const auto half = static_cast<std::ptrdiff_t>(chosen.size() / 2);
  std::nth_element(xs.begin(), xs.begin() + half, xs.end());
  std::nth_element(ys.begin(), ys.begin() + half, ys.end());
  group.velocity = {xs[chosen.size() / 2], ys[chosen.size() / 2]};

  double information = 0;
  double widen = 4;
  for (int round = 0; round < 6; ++round) {
    cv::Matx33d normal = cv::Matx33d::zeros();
    cv::Vec3d right(0, 0, 0);
    double residuals = 0;
    double count = 0;
    for (const std::size_t i : chosen) {
      const PointMotion& motion = motions[i];
      const cv::Point2d arm = middle(motion) - group.centre;
      const cv::Point2d model = group.velocity + group.growth * arm;
      const double slack = kDepthShare * std::hypot(model.x, model.y);
      const cv::Point2d off = motion.velocity - model;
      const double sx = widen * std::hypot(motion.velocity_sigma.x, slack);
      const double sy = widen * std::hypot(motion.velocity_sigma.y, slack);
      const double ratio = (off.x * off.x / (sx * sx) + off.y * off.y / (sy * sy)) / 2;
      const double robust = 1 / ((1 + ratio) * (1 + ratio));
      const double wx = robust / (motion.velocity_sigma.x * motion.velocity_sigma.x);
      const double wy = robust / (motion.velocity_sigma.y * motion.velocity_sigma.y);
      normal(0, 0) += wx;
      normal(0, 2) += wx * arm.x;
      normal(1, 1) += wy;
      normal(1, 2) += wy * arm.y;
      normal(2, 2) += wx * arm.x * arm.x + wy * arm.y * arm.y;
      right += cv::Vec3d(wx * motion.velocity.x, wy * motion.velocity.y,
                         wx * arm.x * motion.velocity.x + wy * arm.y * motion.velocity.y);
      residuals += wx * off.x * off.x + wy * off.y * off.y;
      count += 2 * robust;
    }
    normal(2, 0) = normal(0, 2);
    normal(2, 1) = normal(1, 2);
    normal(2, 2) += 1.0;  // growth beyond 1/s is rare: a prior that only matters without evidence
    cv::Vec3d solution;
    if (!cv::solve(normal, right, solution, cv::DECOMP_CHOLESKY)) return std::nullopt;
    group.velocity = {solution[0], solution[1]};
    group.growth = solution[2];
    const double spread = normal(2, 2) -
                          normal(0, 2) * normal(0, 2) / std::max(1e-9, normal(0, 0)) -
                          normal(1, 2) * normal(1, 2) / std::max(1e-9, normal(1, 1));
    // What the corners disagree by beyond their own noise makes the growth less sure.
    const double excess = count > 4 ? std::max(1.0, residuals / (count - 3)) : 2.0;
    information = spread / excess;
    widen = std::max(1.5, widen * 0.7);
  }
  group.growth_sigma = information > 0 ? 1 / std::sqrt(information) : 1;
  for (const std::size_t i : chosen) {
    const PointMotion& motion = motions[i];
    const cv::Point2d model = group.velocity + group.growth * (middle(motion) - group.centre);
    const double slack = kDepthShare * std::hypot(model.x, model.y);
    const cv::Point2d off = motion.velocity - model;
    if (std::abs(off.x) < kOutlier * std::hypot(motion.velocity_sigma.x, slack) &&
        std::abs(off.y) < kOutlier * std::hypot(motion.velocity_sigma.y, slack))
      group.inliers.push_back(i);
  }
  if (group.inliers.size() < kLeastMembers) return std::nullopt;
  return group;
}

}  // namespace rearview
