#include "analyse/looming/cluster_motion.h"

#include <algorithm>
#include <cmath>

#include "analyse/common/least_squares.h"
#include "analyse/looming/median.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::cluster_motion;

}  // namespace

cv::Point2d middle(const PointMotion& motion) {
  return (motion.from + motion.now) / 2;
}

std::optional<ClusterMotion> fit_cluster(const std::vector<PointMotion>& motions,
                                         const std::vector<std::size_t>& chosen) {
  if (chosen.size() < kLeastMembers) return std::nullopt;
  ClusterMotion cluster;
  std::vector<double> xs;
  std::vector<double> ys;
  for (const std::size_t i : chosen) {
    xs.push_back(motions[i].velocity.x);
    ys.push_back(motions[i].velocity.y);
    cluster.centre += middle(motions[i]);
  }
  cluster.centre /= static_cast<double>(chosen.size());
  cluster.velocity = {median(xs), median(ys)};

  double information = 0;
  double widen = kWidest_sigma;
  for (int round = 0; round < kClusterRounds; ++round) {
    LeastSquares<3> fit;  // of the velocity and the growth
    double residuals = 0;
    double count = 0;
    for (const std::size_t i : chosen) {
      const PointMotion& motion = motions[i];
      const cv::Point2d arm = middle(motion) - cluster.centre;
      const cv::Point2d model = cluster.velocity + cluster.growth * arm;
      const double slack = kDepthShare * std::hypot(model.x, model.y);
      const cv::Point2d off = motion.velocity - model;
      const double sx = widen * std::hypot(motion.velocity_sigma.x, slack);
      const double sy = widen * std::hypot(motion.velocity_sigma.y, slack);
      const double ratio = (off.x * off.x / (sx * sx) + off.y * off.y / (sy * sy)) / 2;
      const double robust = geman_mcclure(ratio);
      const double wx = robust / (motion.velocity_sigma.x * motion.velocity_sigma.x);
      const double wy = robust / (motion.velocity_sigma.y * motion.velocity_sigma.y);
      fit.add({1, 0, arm.x}, motion.velocity.x, wx);
      fit.add({0, 1, arm.y}, motion.velocity.y, wy);
      residuals += wx * off.x * off.x + wy * off.y * off.y;
      count += 2 * robust;
    }
    fit.expect(2, 0, 1 / (kGrowthOpen_per_s * kGrowthOpen_per_s));
    const auto solution = fit.solve();
    if (!solution) return std::nullopt;
    cluster.velocity = {(*solution)[0], (*solution)[1]};
    cluster.growth = (*solution)[2];
    const cv::Matx33d normal = fit.normal();
    const double spread = normal(2, 2) -
                          normal(0, 2) * normal(0, 2) / std::max(1e-9, normal(0, 0)) -
                          normal(1, 2) * normal(1, 2) / std::max(1e-9, normal(1, 1));
    // What the corners disagree by beyond their own noise makes the growth less sure.
    const double excess = count > 4 ? std::max(1.0, residuals / (count - 3)) : kExcessUntold;
    information = spread / excess;
    widen = std::max(kNarrowest_sigma, widen * kNarrowsTo);
  }
  cluster.growth_sigma = information > 0 ? 1 / std::sqrt(information) : kGrowthOpen_per_s;
  for (const std::size_t i : chosen) {
    const PointMotion& motion = motions[i];
    const cv::Point2d model = cluster.velocity + cluster.growth * (middle(motion) - cluster.centre);
    const double slack = kDepthShare * std::hypot(model.x, model.y);
    const cv::Point2d off = motion.velocity - model;
    if (std::abs(off.x) < kOutlier * std::hypot(motion.velocity_sigma.x, slack) &&
        std::abs(off.y) < kOutlier * std::hypot(motion.velocity_sigma.y, slack))
      cluster.inliers.push_back(i);
  }
  if (cluster.inliers.size() < kLeastMembers) return std::nullopt;
  return cluster;
}

}  // namespace rearview
