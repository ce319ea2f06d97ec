#include "analyse/moving_objects.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rearview {
namespace {

constexpr int kLeastMembers = 3;
constexpr int kLeastToFound = 4;
constexpr int kConfirmedAt = 4;
constexpr int kMostSightings = 24;
constexpr double kOutlier = 3.5;
// A thing has depth: its parts may move differently by this share of their speed.
constexpr double kDepthShare = 0.12;
// Boxes follow their corners: fast outwards, slowly inwards, because corners flicker.
constexpr double kGrowGain = 0.25;
constexpr double kShrinkGain = 0.06;
// Corners lie inside a vehicle's outline.
constexpr double kPad_px = 2.0;
constexpr double kPadShare = 0.04;
constexpr double kTouchesEdge_px = 9;

bool moves(const PointMotion& motion) {
  return motion.kind == PointMotion::Kind::coming || motion.kind == PointMotion::Kind::along ||
         motion.kind == PointMotion::Kind::astray;
}

cv::Point2d middle(const PointMotion& motion) {
  return (motion.from + motion.now) / 2;
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

double overlap(const cv::Rect2d& a, const cv::Rect2d& b) {
  return (a & b).area();
}

}  // namespace

// What a vehicle on the road can look like, with `below` the rows from the horizon down to its
// foot: with the camera 0.9 m above the road (0.6 to 1.5 m), one metre there is about `below` / 0.9
// pixels.
struct Plausible {
  double horizon;
  bool riding;  ///< the horizon is known
  cv::Rect2d active;

  // A part of a vehicle or a whole one, but not two abreast: a lorry is 2.5 m wide and 4 m high.
  // What is cut off by the picture's edge is near and may show its flank.
  bool not_too_large(const cv::Rect2d& box) const {
    const double below = box.y + box.height - horizon;
    if (below < 1.5) return false;
    const bool cut = box.x <= active.x + kTouchesEdge_px ||
                     box.x + box.width >= active.x + active.width - kTouchesEdge_px;
    return box.height < 5.5 * below + 8 && box.width < (cut ? 6.0 : 2.7) * below + 8 &&
           (cut || box.width < 3.2 * box.height + 6);
  }
  // At least a rider: 0.5 m wide, and a body, not a mark on the road.
  bool whole(const cv::Rect2d& box) const {
    const double below = box.y + box.height - horizon;
    if (!not_too_large(box) || box.width < 5 || box.height < 5) return false;
    if (box.width < 0.2 * box.height || box.height < 0.25 * box.width) return false;
    return !riding || (box.width > 0.3 * below && box.height > 0.45 * below);
  }
};

std::optional<GroupMotion> fit_group(const std::vector<PointMotion>& motions,
                                     const std::vector<std::size_t>& chosen) {
  if (static_cast<int>(chosen.size()) < kLeastMembers) return std::nullopt;
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
  if (static_cast<int>(group.inliers.size()) < kLeastMembers) return std::nullopt;
  return group;
}

void MovingObjects::clear() {
  objects_.clear();
}

void MovingObjects::update(const PointTracker& points, const std::vector<PointMotion>& motions,
                           double dt, const cv::Rect& active, const EgoMotion& ego) {
  active_ = active;
  const Plausible plausible{ego.vanishing().y, ego.riding(), cv::Rect2d(active)};
  claimed_.assign(motions.size(), 0);
  // The best established choose first.
  std::stable_sort(objects_.begin(), objects_.end(), [](const auto& a, const auto& b) {
    return a.sightings != b.sightings ? a.sightings > b.sightings : a.id < b.id;
  });
  for (MovingObject& object : objects_) follow(object, points, motions, dt, ego, plausible);
  std::erase_if(objects_, [&](const MovingObject& object) {
    return object.sightings <= 0 || overlap(object.box, active_) < 0.3 * object.box.area();
  });
  found(motions, plausible);
  merge(plausible);
}

void MovingObjects::follow(MovingObject& object, const PointTracker& points,
                           const std::vector<PointMotion>& motions, double dt, const EgoMotion& ego,
                           const Plausible& plausible) {
  const cv::Point2d focus = ego.vanishing();
  // Where its corners went since the last picture, shake included.
  std::vector<double> dx;
  std::vector<double> dy;
  cv::Point2d centre;
  for (const PointPath& path : points.paths()) {
    if (path.length < 2 ||
        !std::binary_search(object.members.begin(), object.members.end(), path.id))
      continue;
    const cv::Point2d now = points.at(path, 0);
    const cv::Point2d step = now - cv::Point2d(points.at(path, 1));
    dx.push_back(step.x);
    dy.push_back(step.y);
    centre += now;
  }
  if (dx.empty()) {
    --object.sightings;
  } else {
    centre /= static_cast<double>(dx.size());
    const auto half = static_cast<std::ptrdiff_t>(dx.size() / 2);
    std::nth_element(dx.begin(), dx.begin() + half, dx.end());
    std::nth_element(dy.begin(), dy.begin() + half, dy.end());
    const cv::Point2d step(dx[dx.size() / 2], dy[dy.size() / 2]);
    const double scale = std::exp(object.growth * dt);
    object.box.x = centre.x + (object.box.x + step.x - centre.x) * scale;
    object.box.y = centre.y + (object.box.y + step.y - centre.y) * scale;
    object.box.width *= scale;
    object.box.height *= scale;
  }

  // Members, and movers in and just around the box that may join.
  const double reach_x = 3 + 0.12 * object.box.width;
  const double reach_y = 3 + 0.12 * object.box.height;
  const cv::Rect2d around(object.box.x - reach_x, object.box.y - reach_y,
                          object.box.width + 2 * reach_x, object.box.height + 2 * reach_y);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < motions.size(); ++i) {
    if (claimed_[i] || !around.contains(motions[i].now)) continue;
    if (moves(motions[i]) ||
        std::binary_search(object.members.begin(), object.members.end(), motions[i].id))
      chosen.push_back(i);
  }
  const std::optional<GroupMotion> group = fit_group(motions, chosen);
  if (!group) {
    --object.sightings;
    object.movers = 0;
    return;
  }
  object.members.clear();
  object.movers = 0;
  std::vector<std::size_t> movers;
  double outward = 0;
  double weight = 0;
  cv::Point2d arm;
  double seconds = 0;
  for (const std::size_t i : group->inliers) {
    claimed_[i] = 1;
    object.members.push_back(motions[i].id);
    if (moves(motions[i])) movers.push_back(i);
    const double w = 1 / (motions[i].expansion_sigma * motions[i].expansion_sigma);
    outward += w * motions[i].expansion;
    weight += w;
    arm += motions[i].from - focus;
    seconds += motions[i].seconds;
  }
  std::sort(object.members.begin(), object.members.end());
  object.movers = static_cast<int>(movers.size());
  const double count = static_cast<double>(group->inliers.size());
  const bool seen = object.movers >= kLeastMembers && object.movers >= 0.35 * count;
  object.sightings = std::min(object.sightings + (seen ? 1 : -1), kMostSightings);
  object.confirmed = object.confirmed || object.sightings >= kConfirmedAt;

  // Growth from within, and, on a path parallel to ours, from the way out of the focus.
  object.growth = group->growth;
  object.growth_sigma = group->growth_sigma;
  const double reach = std::max(3.0, std::hypot(arm.x, arm.y) / count);
  seconds /= count;
  outward /= weight;
  const double outward_sigma = std::sqrt(1 / weight + std::pow(0.25 / reach / seconds, 2) +
                                         std::pow(outward * ego.focus_sigma_px() / reach, 2));
  const double apart = std::hypot(object.growth_sigma, outward_sigma);
  if (std::abs(outward - object.growth) < 3 * apart) {
    const double a = 1 / (object.growth_sigma * object.growth_sigma);
    const double b = 1 / (outward_sigma * outward_sigma);
    object.growth = (a * object.growth + b * outward) / (a + b);
    object.growth_sigma = std::sqrt(1 / (a + b));
  }

  if (static_cast<int>(movers.size()) < kLeastMembers) return;
  cv::Rect2d hull = hull_of(motions, movers);
  const double right_edge = active_.x + active_.width;
  const double bottom_edge = active_.y + active_.height;
  double left = hull.x < active_.x + kTouchesEdge_px ? active_.x : hull.x;
  double top = hull.y;
  double right = hull.x + hull.width;
  if (right > right_edge - kTouchesEdge_px) right = right_edge;
  double bottom = hull.y + hull.height;
  if (bottom > bottom_edge - kTouchesEdge_px) bottom = bottom_edge;
  const auto towards = [](double have, double want, bool outwards) {
    return have + (outwards ? kGrowGain : kShrinkGain) * (want - have);
  };
  left = towards(object.box.x, left, left < object.box.x);
  top = towards(object.box.y, top, top < object.box.y);
  right = towards(object.box.x + object.box.width, right, right > object.box.x + object.box.width);
  bottom =
      towards(object.box.y + object.box.height, bottom, bottom > object.box.y + object.box.height);
  const cv::Rect2d box = cv::Rect2d(left, top, right - left, bottom - top) & cv::Rect2d(active_);
  if (plausible.not_too_large(box)) object.box = box;
  if (!plausible.whole(object.box)) object.sightings -= 2;
}

void MovingObjects::found(const std::vector<PointMotion>& motions, const Plausible& plausible) {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < motions.size(); ++i) {
    if (!claimed_[i] && moves(motions[i])) free.push_back(i);
  }
  // Neighbours that move alike belong together, nearest first, while the whole stays no larger than
  // one vehicle: a platoon may well move alike.
  struct Link {
    double distance;
    std::size_t a;
    std::size_t b;
  };
  std::vector<Link> links;
  for (std::size_t a = 0; a < free.size(); ++a) {
    const PointMotion& first = motions[free[a]];
    for (std::size_t b = a + 1; b < free.size(); ++b) {
      const PointMotion& second = motions[free[b]];
      const double below = std::max(first.now.y, second.now.y) - plausible.horizon;
      const double distance = std::hypot(first.now.x - second.now.x, first.now.y - second.now.y);
      if (distance > std::clamp(0.5 * below, 9.0, 26.0)) continue;
      const double speed = std::max(std::hypot(first.velocity.x, first.velocity.y),
                                    std::hypot(second.velocity.x, second.velocity.y));
      const double slack = 0.3 * distance + kDepthShare * speed;
      const cv::Point2d off = first.velocity - second.velocity;
      if (std::abs(off.x) >
              2.5 * std::hypot(first.velocity_sigma.x, second.velocity_sigma.x) + slack ||
          std::abs(off.y) >
              2.5 * std::hypot(first.velocity_sigma.y, second.velocity_sigma.y) + slack)
        continue;
      links.push_back({distance, a, b});
    }
  }
  std::stable_sort(links.begin(), links.end(),
                   [](const Link& a, const Link& b) { return a.distance < b.distance; });
  std::vector<std::size_t> parent(free.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&parent](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<cv::Rect2d> extent;
  for (const std::size_t i : free) extent.emplace_back(motions[i].now, cv::Size2d(0.01, 0.01));
  for (const Link& link : links) {
    const std::size_t a = root(link.a);
    const std::size_t b = root(link.b);
    if (a == b) continue;
    const cv::Rect2d both = extent[a] | extent[b];
    if (std::max(both.width, both.height) > 12 && !plausible.not_too_large(both)) continue;
    parent[a] = b;
    extent[b] = both;
  }
  std::vector<std::vector<std::size_t>> groups(free.size());
  for (std::size_t i = 0; i < free.size(); ++i) groups[root(i)].push_back(free[i]);
  for (const std::vector<std::size_t>& candidates : groups) {
    if (static_cast<int>(candidates.size()) < kLeastToFound) continue;
    const std::optional<GroupMotion> group = fit_group(motions, candidates);
    if (!group || static_cast<int>(group->inliers.size()) < kLeastToFound ||
        group->inliers.size() * 10 < candidates.size() * 6)
      continue;
    const cv::Rect2d hull = hull_of(motions, group->inliers) & cv::Rect2d(active_);
    if (!plausible.whole(hull)) continue;
    MovingObject object;
    object.id = next_id_++;
    object.box = hull;
    object.sightings = 1;
    object.movers = static_cast<int>(group->inliers.size());
    object.growth = group->growth;
    object.growth_sigma = group->growth_sigma;
    for (const std::size_t i : group->inliers) {
      claimed_[i] = 1;
      object.members.push_back(motions[i].id);
    }
    std::sort(object.members.begin(), object.members.end());
    objects_.push_back(std::move(object));
  }
}

void MovingObjects::merge(const Plausible& plausible) {
  // Two things in one place are one; the better established takes the other's corners.
  for (std::size_t a = 0; a < objects_.size(); ++a) {
    for (std::size_t b = a + 1; b < objects_.size();) {
      const double common = overlap(objects_[a].box, objects_[b].box);
      const double smaller = std::min(objects_[a].box.area(), objects_[b].box.area());
      const double apart = std::abs(objects_[a].growth - objects_[b].growth);
      const double sigma = std::hypot(objects_[a].growth_sigma, objects_[b].growth_sigma);
      if (common < 0.5 * smaller || apart > std::max(0.1, 3 * sigma) ||
          !plausible.not_too_large(objects_[a].box | objects_[b].box)) {
        ++b;
        continue;
      }
      MovingObject& kept = objects_[a];
      std::vector<std::uint32_t> members;
      std::set_union(kept.members.begin(), kept.members.end(), objects_[b].members.begin(),
                     objects_[b].members.end(), std::back_inserter(members));
      kept.members = std::move(members);
      if (!kept.confirmed) kept.box |= objects_[b].box;
      objects_.erase(objects_.begin() + static_cast<std::ptrdiff_t>(b));
    }
  }
}

}  // namespace rearview
