#include "analyse/looming/moving_objects.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "analyse/looming/corner_pattern.h"
#include "analyse/looming/median.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::moving_objects;

double overlap(const cv::Rect2d& a, const cv::Rect2d& b) {
  return (a & b).area();
}

}  // namespace

void MovingObjects::clear() {
  objects_.clear();
}

void MovingObjects::update(const PointTracker& points, const std::vector<PointMotion>& motions,
                           double dt, const cv::Rect& active, const EgoMotion& ego) {
  const Plausible plausible{ego.vanishing().y, ego.riding(), cv::Rect2d(active)};
  for (MovingObject& object : objects_) carry(object, points, dt);

  const auto owner = [this](std::uint32_t corner) {
    const auto last =
        std::find_if(objects_.rbegin(), objects_.rend(),
                     [corner](const MovingObject& object) { return object.has(corner); });
    return last == objects_.rend() ? 0 : last->id;
  };
  std::vector<MotionCluster> clusters = cluster_movers(motions, owner, plausible);
  // Each thing takes the cluster that shares most of its corners, the best match first.
  struct Match {
    double worth;
    std::size_t object;
    std::size_t cluster;
  };
  std::vector<Match> matches;
  for (std::size_t o = 0; o < objects_.size(); ++o) {
    for (std::size_t g = 0; g < clusters.size(); ++g) {
      int shared = 0;
      for (const std::size_t i : clusters[g].motion.inliers)
        shared += objects_[o].has(motions[i].id);
      const double covered = overlap(objects_[o].box, clusters[g].hull) /
                             std::max(1.0, (objects_[o].box | clusters[g].hull).area());
      if (shared > 0 || covered > kCovers) matches.push_back({shared + covered, o, g});
    }
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const Match& a, const Match& b) { return a.worth > b.worth; });
  std::vector<bool> object_done(objects_.size(), false);
  std::vector<bool> cluster_done(clusters.size(), false);
  for (const Match& match : matches) {
    if (object_done[match.object] || cluster_done[match.cluster]) continue;
    object_done[match.object] = cluster_done[match.cluster] = true;
    std::vector<cv::Rect2d> neighbours;
    for (std::size_t g = 0; g < clusters.size(); ++g) {
      if (g != match.cluster && clusters[g].motion.inliers.size() >= kLeastToFound)
        neighbours.push_back(clusters[g].hull);
    }
    see(objects_[match.object], clusters[match.cluster], points, neighbours, motions, ego,
        plausible);
  }
  for (std::size_t o = 0; o < objects_.size(); ++o) {
    if (object_done[o]) continue;
    --objects_[o].hits;
    objects_[o].movers = 0;
  }
  for (std::size_t g = 0; g < clusters.size(); ++g) {
    if (!cluster_done[g]) begin(clusters[g], motions, plausible);
  }
  std::erase_if(objects_, [&](const MovingObject& object) {
    return object.hits <= 0 || object.box.width < kLeastSide_px ||
           object.box.height < kLeastSide_px ||
           overlap(object.box, plausible.active) < kLeastShown * object.box.area();
  });
  merge(plausible);
}

void MovingObjects::carry(MovingObject& object, const PointTracker& points, double dt) {
  // Where its corners went since the last picture, shake included.
  std::vector<double> dx;
  std::vector<double> dy;
  cv::Point2d centre;
  for (const PointPath& path : points.paths()) {
    if (path.length < 2 || !object.has(path.id)) continue;
    const cv::Point2d now = points.at(path, 0);
    const cv::Point2d step = now - cv::Point2d(points.at(path, 1));
    dx.push_back(step.x);
    dy.push_back(step.y);
    centre += now;
  }
  if (dx.empty()) return;
  centre /= static_cast<double>(dx.size());
  const cv::Point2d step(median(dx), median(dy));
  const double scale =
      std::exp(std::clamp(object.growth, -kMostCarried_per_s, kMostCarried_per_s) * dt);
  object.box.x = centre.x + (object.box.x + step.x - centre.x) * scale;
  object.box.y = centre.y + (object.box.y + step.y - centre.y) * scale;
  object.box.width *= scale;
  object.box.height *= scale;
}

void MovingObjects::see(MovingObject& object, const MotionCluster& cluster,
                        const PointTracker& points, const std::vector<cv::Rect2d>& neighbours,
                        const std::vector<PointMotion>& motions, const EgoMotion& ego,
                        const Plausible& plausible) {
  const cv::Point2d focus = ego.vanishing();
  double outward = 0;
  double weight = 0;
  double seconds = 0;
  cv::Point2d arm;
  object.members.clear();
  for (const std::size_t i : cluster.motion.inliers) {
    object.members.push_back(motions[i].id);
    const double w = 1 / (motions[i].expansion_sigma * motions[i].expansion_sigma);
    outward += w * motions[i].expansion;
    weight += w;
    arm += motions[i].from - focus;
    seconds += motions[i].seconds;
  }
  std::sort(object.members.begin(), object.members.end());
  const auto count = static_cast<double>(cluster.motion.inliers.size());
  object.movers = static_cast<int>(cluster.motion.inliers.size());

  // Growth from within, and, on a path parallel to ours, from the way out of the focus.
  const Estimate within =
      pattern_growth(points, object.members)
          .value_or(Estimate{cluster.motion.growth, cluster.motion.growth_sigma});
  object.growth = within.value;
  object.growth_sigma = within.sigma;
  const double reach = std::max(kLeastReach_px, std::hypot(arm.x, arm.y) / count);
  seconds /= count;
  outward /= weight;
  const double below = std::max(kLeastBelow_px, object.box.y + object.box.height - focus.y);
  // In a curve those behind follow the curve, not our momentary heading; and nobody drives dead
  // straight.
  const double sideways = ego.turn_px_per_s() + kSidewaysDrift_mps / kUsualCameraHeight_m * below;
  const double outward_sigma = std::sqrt(1 / weight + std::pow(kTurnDoubt_px / reach / seconds, 2) +
                                         std::pow(outward * ego.focus_sigma_px() / reach, 2) +
                                         std::pow(sideways / reach, 2));
  if (std::abs(outward - object.growth) < kAgree * std::hypot(object.growth_sigma, outward_sigma)) {
    const double a = 1 / (object.growth_sigma * object.growth_sigma);
    const double b = 1 / (outward_sigma * outward_sigma);
    object.growth = (a * object.growth + b * outward) / (a + b);
    object.growth_sigma = std::sqrt(1 / (a + b));
  }

  const cv::Rect2d& active = plausible.active;
  cv::Rect2d hull = cluster.hull & active;
  const double speed = std::hypot(cluster.motion.velocity.x, cluster.motion.velocity.y);
  const cv::Rect2d room = room_about(hull, neighbours, active);
  if (const auto outline = pattern_outline(points, ego, object.members, speed, hull, room)) {
    if (plausible.whole(*outline)) hull = *outline;
  }
  double left = hull.x < active.x + kTouchesEdge_px ? active.x : hull.x;
  double right = hull.x + hull.width;
  if (right > active.x + active.width - kTouchesEdge_px) right = active.x + active.width;
  double top = hull.y;
  double bottom = hull.y + hull.height;
  if (bottom > active.y + active.height - kTouchesEdge_px) bottom = active.y + active.height;
  const cv::Rect2d& box = object.box;
  const auto towards = [](double have, double want) { return have + kFollowGain * (want - have); };
  left = towards(box.x, left);
  top = towards(box.y, top);
  right = towards(box.x + box.width, right);
  bottom = towards(box.y + box.height, bottom);
  object.box = cv::Rect2d(left, top, right - left, bottom - top) & active;

  const bool fits = plausible.whole(object.box) && !lie_on_a_line(motions, cluster.motion.inliers);
  object.hits = std::min(object.hits + (fits ? 1 : -kUnfitHits), kMostHits);
  object.confirmed = object.confirmed || object.hits >= kConfirmedAt;
}

void MovingObjects::begin(const MotionCluster& cluster, const std::vector<PointMotion>& motions,
                          const Plausible& plausible) {
  if (cluster.motion.inliers.size() < kLeastToFound) return;
  const cv::Rect2d hull = cluster.hull & plausible.active;
  if (!plausible.whole(hull) || lie_on_a_line(motions, cluster.motion.inliers)) return;
  MovingObject object;
  object.id = next_id_++;
  object.box = hull;
  object.hits = 1;
  object.movers = static_cast<int>(cluster.motion.inliers.size());
  object.growth = cluster.motion.growth;
  object.growth_sigma = cluster.motion.growth_sigma;
  for (const std::size_t i : cluster.motion.inliers) object.members.push_back(motions[i].id);
  std::sort(object.members.begin(), object.members.end());
  objects_.push_back(std::move(object));
}

void MovingObjects::merge(const Plausible& plausible) {
  // Two things in one place are one; the better established stays.
  std::stable_sort(objects_.begin(), objects_.end(), [](const auto& a, const auto& b) {
    return a.hits != b.hits ? a.hits > b.hits : a.id < b.id;
  });
  for (std::size_t a = 0; a < objects_.size(); ++a) {
    for (std::size_t b = a + 1; b < objects_.size();) {
      const double common = overlap(objects_[a].box, objects_[b].box);
      const double smaller = std::min(objects_[a].box.area(), objects_[b].box.area());
      const double apart = std::abs(objects_[a].growth - objects_[b].growth);
      const double sigma = std::hypot(objects_[a].growth_sigma, objects_[b].growth_sigma);
      if (common < kOneShare * smaller || apart > std::max(kOneGrowth_per_s, kAgree * sigma) ||
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
