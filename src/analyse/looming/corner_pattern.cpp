#include "analyse/looming/corner_pattern.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analyse/looming/mean_growth.h"
#include "analyse/looming/motion_clusters.h"
#include "analyse/looming/outline.h"
#include "analyse/looming/similarity_transform.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::corner_pattern;

}  // namespace

std::optional<Estimate> pattern_growth(const PointTracker& points,
                                       const std::vector<std::uint32_t>& members) {
  for (const double span : kGrowthSpans_s) {
    const int back = points.back_for(span);
    const double seconds = points.t_s(0) - points.t_s(back);
    if (seconds < kSpanReached * span) continue;
    std::vector<cv::Point2d> from;
    std::vector<cv::Point2d> to;
    std::vector<double> variance;
    for (const PointPath& path : points.paths()) {
      if (path.length <= back || !std::binary_search(members.begin(), members.end(), path.id))
        continue;
      from.emplace_back(points.at(path, back));
      to.emplace_back(points.at(path, 0));
      variance.push_back(
          (place_variance(path.structure, {1, 0}) + place_variance(path.structure, {0, 1})) / 2);
    }
    if (from.size() < kLeastToFound ||
        static_cast<double>(from.size()) < kReachBack * static_cast<double>(members.size()))
      continue;
    const std::optional<SimilarityTransform> similarity = fit_similarity(from, to, variance);
    if (!similarity) continue;
    const double mean = std::log(similarity->scale) / seconds;
    const double sigma = std::hypot(similarity->scale_sigma / similarity->scale,
                                    kPatternDoubt_px / similarity->spread_px) /
                         seconds;
    return growth_at_end({mean, sigma}, seconds);
  }
  return std::nullopt;
}

std::optional<cv::Rect2d> pattern_outline(const PointTracker& points, const EgoMotion& ego,
                                          const std::vector<std::uint32_t>& members, double speed,
                                          const cv::Rect2d& core, const cv::Rect2d& room) {
  const double most_s = ego.motion().seconds;
  if (most_s <= 0) return std::nullopt;
  // Pictures of a burst may span less than the least that is wished for.
  const double span =
      std::min(std::max(kLeastOutlineSpan_s, kOutlineShift_px / std::max(1.0, speed)), most_s);
  const int back = std::min(points.back_for(span), PointTracker::kPicturesKept - 1);
  std::vector<cv::Point2d> now;
  std::vector<cv::Point2d> then;
  std::vector<double> variance;
  for (const PointPath& path : points.paths()) {
    if (path.length <= back || !std::binary_search(members.begin(), members.end(), path.id))
      continue;
    now.emplace_back(points.at(path, 0));
    then.emplace_back(points.at(path, back));
    variance.push_back(kOutlineVariance_px2);
  }
  if (now.size() < kLeastMembers) return std::nullopt;
  const std::optional<SimilarityTransform> own = fit_similarity(now, then, variance);
  if (!own) return std::nullopt;
  // The turn over the span, as a share of the turn that ego knows, is near enough to a shift and
  // roll about the middle of the box.
  const cv::Point2d centre(core.x + core.width / 2, core.y + core.height / 2);
  const double share = (points.t_s(0) - points.t_s(back)) / most_s;
  const cv::Point2d shift = (ego.before_turn(centre) - centre) * share;
  const double roll = -ego.motion().rotation[2] * share;
  const cv::Matx23d background(1, -roll, shift.x + roll * centre.y, roll, 1,
                               shift.y - roll * centre.x);
  return find_outline(points.picture(0), points.picture(back), own->map, background, core, room);
}

cv::Rect2d room_about(const cv::Rect2d& hull, const std::vector<cv::Rect2d>& others,
                      const cv::Rect2d& active) {
  const double reach_x = kOutlineReach * hull.width + kOutlineReach_px;
  const double reach_y = kOutlineReach * hull.height + kOutlineReach_px;
  double left = hull.x - reach_x;
  double right = hull.x + hull.width + reach_x;
  for (const cv::Rect2d& other : others) {
    if (other.y > hull.y + hull.height || other.y + other.height < hull.y) continue;
    const double apart = other.x + other.width / 2 - (hull.x + hull.width / 2);
    if (apart > kBeside * hull.width)
      right = std::min(right, std::max(hull.x + hull.width, (hull.x + hull.width + other.x) / 2));
    else if (apart < -kBeside * hull.width)
      left = std::max(left, std::min(hull.x, (hull.x + other.x + other.width) / 2));
  }
  return cv::Rect2d(left, hull.y - reach_y, right - left, hull.height + 2 * reach_y) & active;
}

}  // namespace rearview
