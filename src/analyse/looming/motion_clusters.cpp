#include "analyse/looming/motion_clusters.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::motion_clusters;

bool moves(const PointMotion& motion) {
  return motion.kind == PointMotion::Kind::coming || motion.kind == PointMotion::Kind::along ||
         motion.kind == PointMotion::Kind::astray;
}

cv::Rect2d hull_of(const std::vector<PointMotion>& motions, const std::vector<std::size_t>& which) {
  double left = 1e9;
  double right = -1e9;
  double top = 1e9;
  double bottom = -1e9;
  for (const std::size_t i : which) {
    left = std::min(left, motions[i].now.x);
    right = std::max(right, motions[i].now.x);
    top = std::min(top, motions[i].now.y);
    bottom = std::max(bottom, motions[i].now.y);
  }
  const double pad_x = kPad_px + kPadShare * (right - left);
  const double pad_y = kPad_px + kPadShare * (bottom - top);
  return {left - pad_x, top - pad_y, right - left + 2 * pad_x, bottom - top + 2 * pad_y};
}

// Two vehicles abreast may move alike, but a gap wider than a vehicle's plain parts shows between
// their corners.
std::vector<std::vector<std::size_t>> parted_at_gaps(const std::vector<PointMotion>& motions,
                                                     std::vector<std::size_t> which,
                                                     double horizon) {
  std::vector<std::vector<std::size_t>> parts;
  if (which.empty()) return parts;
  const cv::Rect2d hull = hull_of(motions, which);
  if (hull.width < kSurelyOneWidth * (hull.y + hull.height - horizon)) {
    parts.push_back(std::move(which));
    return parts;
  }
  std::sort(which.begin(), which.end(), [&motions](std::size_t a, std::size_t b) {
    return motions[a].now.x != motions[b].now.x ? motions[a].now.x < motions[b].now.x : a < b;
  });
  const double gap = std::max(kLeastGap_px, kGapShare * hull.height);
  parts.emplace_back();
  for (const std::size_t i : which) {
    if (!parts.back().empty() && motions[i].now.x - motions[parts.back().back()].now.x > gap)
      parts.emplace_back();
    parts.back().push_back(i);
  }
  if (parts.size() > 1 || which.size() < 2 * kLeastToFound) return parts;
  // One that stands farther off has its foot higher: a step in the lower edge parts the two.
  std::vector<double> from_left(which.size());
  std::vector<double> from_right(which.size());
  for (std::size_t i = 0; i < which.size(); ++i) {
    const double y = motions[which[i]].now.y;
    from_left[i] = i == 0 ? y : std::max(y, from_left[i - 1]);
  }
  for (std::size_t i = which.size(); i-- > 0;) {
    const double y = motions[which[i]].now.y;
    from_right[i] = i + 1 == which.size() ? y : std::max(y, from_right[i + 1]);
  }
  double best = kStepShare * hull.height;
  std::size_t cut = 0;
  for (std::size_t i = kLeastToFound; i + kLeastToFound <= which.size(); ++i) {
    const double step = std::abs(from_left[i - 1] - from_right[i]);
    if (step > best) {
      best = step;
      cut = i;
    }
  }
  if (cut > 0) {
    const auto at = which.begin() + static_cast<std::ptrdiff_t>(cut);
    parts = {{which.begin(), at}, {at, which.end()}};
  }
  return parts;
}

// Whether two corners can belong to one vehicle: they drift apart by its growth, no more.
bool alike(const PointMotion& first, const PointMotion& second) {
  const double distance = std::hypot(first.now.x - second.now.x, first.now.y - second.now.y);
  const double slack = kMostGrowth_per_s * distance +
                       kDepthShare * std::max(std::hypot(first.velocity.x, first.velocity.y),
                                              std::hypot(second.velocity.x, second.velocity.y));
  const cv::Point2d off = second.velocity - first.velocity;
  return std::abs(off.x) <
             kAlike_sigma * std::hypot(first.velocity_sigma.x, second.velocity_sigma.x) + slack &&
         std::abs(off.y) <
             kAlike_sigma * std::hypot(first.velocity_sigma.y, second.velocity_sigma.y) + slack;
}

// Corners joined so far: where they are, and the sums that tell how well one velocity and one
// growth explain all of them.
struct Cluster {
  explicit Cluster(const PointMotion& motion) : extent(motion.now, cv::Size2d(0.01, 0.01)) {
    const cv::Point2d p = middle(motion);
    const cv::Point2d v = motion.velocity;
    const double slack = kDepthShare * std::hypot(v.x, v.y);
    wx = 1 / (motion.velocity_sigma.x * motion.velocity_sigma.x + slack * slack);
    wy = 1 / (motion.velocity_sigma.y * motion.velocity_sigma.y + slack * slack);
    px = wx * p.x;
    py = wy * p.y;
    vx = wx * v.x;
    vy = wy * v.y;
    pp = wx * p.x * p.x + wy * p.y * p.y;
    pv = wx * p.x * v.x + wy * p.y * v.y;
    vv = wx * v.x * v.x + wy * v.y * v.y;
  }

  // Weighted squares left over by the best velocity and growth.
  double misfit() const {
    const double spread = pp - px * px / wx - py * py / wy;
    const double shared = pv - px * vx / wx - py * vy / wy;
    const double all = vv - vx * vx / wx - vy * vy / wy;
    const double growth = shared / (spread + 1 / (kGrowthPrior_per_s * kGrowthPrior_per_s));
    return std::max(0.0, all - growth * shared);
  }
  bool joins(const Cluster& other, const Plausible& plausible) const {
    const cv::Rect2d both = extent | other.extent;
    if (std::max(both.width, both.height) > kSmall_px && !plausible.not_too_large(both))
      return false;
    Cluster sum = *this;
    sum.add(other);
    const double together = sum.misfit();
    const double more = together - misfit() - other.misfit();
    const auto smaller = static_cast<double>(std::min(count, other.count));
    return together < kMisfitEach * static_cast<double>(sum.count) + kMisfitSlack &&
           more < kAddedEach * smaller + kMisfitSlack;
  }
  void add(const Cluster& other) {
    extent |= other.extent;
    count += other.count;
    wx += other.wx;
    wy += other.wy;
    px += other.px;
    py += other.py;
    vx += other.vx;
    vy += other.vy;
    pp += other.pp;
    pv += other.pv;
    vv += other.vv;
  }

  cv::Rect2d extent;
  std::size_t count = 1;
  double wx, wy, px, py, vx, vy, pp, pv, vv;
};

}  // namespace

bool lie_on_a_line(const std::vector<PointMotion>& motions,
                   const std::vector<std::size_t>& chosen) {
  cv::Point2d mean;
  for (const std::size_t i : chosen) mean += motions[i].now;
  mean /= static_cast<double>(chosen.size());
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const std::size_t i : chosen) {
    const cv::Point2d off = motions[i].now - mean;
    xx += off.x * off.x;
    xy += off.x * off.y;
    yy += off.y * off.y;
  }
  const double half = (xx + yy) / 2;
  const double root = std::sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
  return half - root < kThinnest * kThinnest * (half + root);
}

std::vector<MotionCluster> cluster_movers(const std::vector<PointMotion>& motions,
                                          const std::function<int(std::uint32_t)>& owner,
                                          const Plausible& plausible) {
  std::vector<std::size_t> movers;
  std::vector<int> owners;
  for (std::size_t i = 0; i < motions.size(); ++i) {
    if (!moves(motions[i])) continue;
    movers.push_back(i);
    owners.push_back(owner(motions[i].id));
  }
  // Neighbours that move alike belong together, nearest first, those that were together before all
  // others, while the whole stays no larger than one vehicle: a platoon may well move alike.
  struct Link {
    double cost;
    std::size_t a;
    std::size_t b;
  };
  std::vector<Link> links;
  for (std::size_t a = 0; a < movers.size(); ++a) {
    const PointMotion& first = motions[movers[a]];
    for (std::size_t b = a + 1; b < movers.size(); ++b) {
      const PointMotion& second = motions[movers[b]];
      const double below = std::max(first.now.y, second.now.y) - plausible.horizon;
      const double distance = std::hypot(first.now.x - second.now.x, first.now.y - second.now.y);
      if (distance > std::clamp(kLink * below, kLeastLink_px, kMostLink_px) ||
          !alike(first, second))
        continue;
      double cost = distance;
      if (owners[a] != 0 && owners[b] != 0) cost *= owners[a] == owners[b] ? kTogether : kApart;
      links.push_back({cost, a, b});
    }
  }
  std::stable_sort(links.begin(), links.end(),
                   [](const Link& a, const Link& b) { return a.cost < b.cost; });
  std::vector<std::size_t> parent(movers.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&parent](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<Cluster> partial;
  for (const std::size_t i : movers) partial.emplace_back(motions[i]);
  for (const Link& link : links) {
    const std::size_t a = root(link.a);
    const std::size_t b = root(link.b);
    if (a == b || !partial[a].joins(partial[b], plausible)) continue;
    parent[a] = b;
    partial[b].add(partial[a]);
  }
  std::vector<std::vector<std::size_t>> sets(movers.size());
  for (std::size_t i = 0; i < movers.size(); ++i) sets[root(i)].push_back(movers[i]);

  std::vector<MotionCluster> clusters;
  for (std::vector<std::size_t>& set : sets) {
    for (std::vector<std::size_t>& part :
         parted_at_gaps(motions, std::move(set), plausible.horizon)) {
      if (part.size() < kLeastMembers) continue;
      std::optional<ClusterMotion> motion = fit_cluster(motions, part);
      if (!motion || static_cast<double>(motion->inliers.size()) <
                         kAgreeShare * static_cast<double>(part.size()))
        continue;
      const cv::Rect2d hull = hull_of(motions, motion->inliers);
      clusters.push_back({std::move(*motion), hull});
    }
  }
  return clusters;
}

}  // namespace rearview
