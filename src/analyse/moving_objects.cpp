#include "analyse/moving_objects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "analyse/outline.h"

namespace rearview {
namespace {

constexpr std::size_t kLeastMembers = 3;
constexpr std::size_t kLeastToFound = 4;
constexpr int kConfirmedAt = 4;
constexpr int kMostSightings = 24;
constexpr double kOutlier = 3.5;
// A thing has depth: its parts may move differently by this share of their speed.
constexpr double kDepthShare = 0.12;
// Boxes follow their outlines; equally in both directions, or noise would swell them.
constexpr double kFollowGain = 0.15;
// Corners lie inside a vehicle's outline.
constexpr double kPad_px = 2.0;
constexpr double kPadShare = 0.04;
constexpr double kTouchesEdge_px = 9;
// Widths relative to the rows from the horizon to the foot: the most of one vehicle (a car
// fills 1.2 to 2.0 of them), and what may still be one car, whatever its gaps.
constexpr double kWidest = 2.3;
constexpr double kSurelyOne = 1.5;
// What the rotation taken out may still be wrong by.
constexpr double kTurnDoubt_px = 0.25;
// How far a thing should have moved for its outline to stand out, and how far about its corners the
// outline is sought.
constexpr double kOutlineShift_px = 6;
constexpr double kOutlineReach = 0.3;
constexpr double kMostGrowth_per_s = 1.0;
// By how much all corners of one side may be drawn along by what lies behind them.
constexpr double kPatternDoubt_px = 0.25;
constexpr double kSidewaysDrift_mps = 0.3;
constexpr double kUsualCameraHeight_m = 1.0;
// Growth from within is measured over the longest of these that most corners reach back to.
constexpr std::array<double, 3> kGrowthSpans_s = {0.8, 0.56, 0.36};
// Gaps between corners within one vehicle: at most this share of its height.
constexpr double kLeastGap_px = 6;
constexpr double kGapShare = 0.4;
constexpr double kStepShare = 0.35;  // of the height, in the lower edge between two vehicles
// Spread of the corners across their main direction, relative to along it.
constexpr double kThinnest = 0.16;

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

// Corners along one line belong to a mark on the road, a kerb or a pole.
bool lies_on_a_line(const std::vector<PointMotion>& motions,
                    const std::vector<std::size_t>& which) {
  cv::Point2d mean;
  for (const std::size_t i : which) mean += motions[i].now;
  mean /= static_cast<double>(which.size());
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const std::size_t i : which) {
    const cv::Point2d off = motions[i].now - mean;
    xx += off.x * off.x;
    xy += off.x * off.y;
    yy += off.y * off.y;
  }
  const double half = (xx + yy) / 2;
  const double root = std::sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
  return half - root < kThinnest * kThinnest * (half + root);
}

// Two vehicles abreast may move alike, but a gap wider than a vehicle's plain parts shows between
// their corners.
std::vector<std::vector<std::size_t>> parted_at_gaps(const std::vector<PointMotion>& motions,
                                                     std::vector<std::size_t> which,
                                                     double horizon) {
  std::vector<std::vector<std::size_t>> parts;
  if (which.empty()) return parts;
  const cv::Rect2d hull = hull_of(motions, which);
  if (hull.width < kSurelyOne * (hull.y + hull.height - horizon)) {
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
             2.5 * std::hypot(first.velocity_sigma.x, second.velocity_sigma.x) + slack &&
         std::abs(off.y) <
             2.5 * std::hypot(first.velocity_sigma.y, second.velocity_sigma.y) + slack;
}

double middle_value(std::vector<double>& values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  return *half;
}

// Scale, turn and shift between two sets of places, by weighted least squares with outliers down.
struct Likeness {
  double scale = 1;
  double scale_sigma = 1;
  double spread_px = 1;  ///< root mean square distance from the middle
  cv::Matx23d map;
};

std::optional<Likeness> fit_likeness(const std::vector<cv::Point2d>& from,
                                     const std::vector<cv::Point2d>& to,
                                     const std::vector<double>& variance) {
  std::vector<double> weight;
  for (const double v : variance) weight.push_back(1 / v);
  Likeness found;
  for (int round = 0; round < 5; ++round) {
    double sum = 0;
    cv::Point2d mean_from;
    cv::Point2d mean_to;
    for (std::size_t i = 0; i < from.size(); ++i) {
      sum += weight[i];
      mean_from += weight[i] * from[i];
      mean_to += weight[i] * to[i];
    }
    mean_from /= sum;
    mean_to /= sum;
    double spread = 0;
    double along = 0;
    double across = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const cv::Point2d a = from[i] - mean_from;
      const cv::Point2d b = to[i] - mean_to;
      spread += weight[i] * a.dot(a);
      along += weight[i] * a.dot(b);
      across += weight[i] * (a.x * b.y - a.y * b.x);
    }
    if (spread < 1) return std::nullopt;
    const double c = along / spread;
    const double s = across / spread;
    double misfit = 0;
    double count = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const cv::Point2d a = from[i] - mean_from;
      const cv::Point2d off = to[i] - mean_to - cv::Point2d(c * a.x - s * a.y, s * a.x + c * a.y);
      const double ratio = off.dot(off) / variance[i] / 18;
      const double robust = 1 / ((1 + ratio) * (1 + ratio));
      misfit += robust * off.dot(off) / variance[i];
      count += 2 * robust;
      weight[i] = robust / variance[i];
    }
    if (count < 5) return std::nullopt;
    const double excess = std::max(1.0, misfit / (count - 4));
    found.map = {c, -s, mean_to.x - c * mean_from.x + s * mean_from.y,
                 s, c,  mean_to.y - s * mean_from.x - c * mean_from.y};
    found.scale = std::hypot(c, s);
    found.scale_sigma = std::sqrt(excess / spread);
    found.spread_px = std::sqrt(spread / sum);
  }
  if (found.scale < 0.2 || found.scale > 5) return std::nullopt;
  return found;
}

struct Growth {
  double rate = 0;
  double sigma = 1;
};

// Growth of the corners' pattern. The camera's rotation doesn't change it, so long spans need no
// model of the camera: the longer, the surer.
Growth inner_growth(const PointTracker& points, const std::vector<std::uint32_t>& members,
                    const GroupMotion& otherwise) {
  for (const double span : kGrowthSpans_s) {
    const int back = points.back_for(span);
    const double seconds = points.t_s(0) - points.t_s(back);
    if (seconds < 0.7 * span) continue;
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
    if (from.size() < kLeastToFound || from.size() * 10 < members.size() * 4) continue;
    const std::optional<Likeness> likeness = fit_likeness(from, to, variance);
    if (!likeness) continue;
    // The mean over the span; at constant closing speed the growth has gone on rising since.
    const double mean = std::log(likeness->scale) / seconds;
    const double lead = std::clamp(1 - mean * seconds / 2, 0.5, 1.5);
    const double sigma = std::hypot(likeness->scale_sigma / likeness->scale,
                                    kPatternDoubt_px / likeness->spread_px) /
                         seconds;
    return {mean / lead, sigma / (lead * lead)};
  }
  return {otherwise.growth, otherwise.growth_sigma};
}

// The thing's outline by what moves like its corners, over a span in which it has moved some pixels
// against the background.
std::optional<cv::Rect2d> outline_of(const PointTracker& points, const EgoMotion& ego,
                                     const std::vector<std::uint32_t>& members, double speed,
                                     const cv::Rect2d& core, const cv::Rect2d& room) {
  const double span =
      std::clamp(kOutlineShift_px / std::max(1.0, speed), 0.1, ego.motion().seconds);
  const int back = std::min(points.back_for(span), PointTracker::kPicturesKept - 1);
  std::vector<cv::Point2d> now;
  std::vector<cv::Point2d> then;
  std::vector<double> variance;
  for (const PointPath& path : points.paths()) {
    if (path.length <= back || !std::binary_search(members.begin(), members.end(), path.id))
      continue;
    now.emplace_back(points.at(path, 0));
    then.emplace_back(points.at(path, back));
    variance.push_back(0.05);
  }
  if (now.size() < kLeastMembers) return std::nullopt;
  const std::optional<Likeness> own = fit_likeness(now, then, variance);
  if (!own) return std::nullopt;
  // The turn over the span, as a share of the turn that ego knows, is near enough to a shift and
  // roll about the middle of the box.
  const cv::Point2d centre(core.x + core.width / 2, core.y + core.height / 2);
  const EgoMotion& camera = ego;
  const double share = (points.t_s(0) - points.t_s(back)) / camera.motion().seconds;
  const cv::Point2d shift = (camera.before_turn(centre) - centre) * share;
  const double roll = -camera.motion().rotation[2] * share;
  const cv::Matx23d background(1, -roll, shift.x + roll * centre.y, roll, 1,
                               shift.y - roll * centre.x);
  return find_outline(points.picture(0), points.picture(back), own->map, background, core, room);
}

// Where the thing may reach: some way about its corners, but not over its neighbours' corners.
cv::Rect2d room_about(const cv::Rect2d& hull, const std::vector<cv::Rect2d>& others,
                      const cv::Rect2d& active) {
  const double reach_x = kOutlineReach * hull.width + 4;
  const double reach_y = kOutlineReach * hull.height + 4;
  double left = hull.x - reach_x;
  double right = hull.x + hull.width + reach_x;
  for (const cv::Rect2d& other : others) {
    if (other.y > hull.y + hull.height || other.y + other.height < hull.y) continue;
    const double apart = other.x + other.width / 2 - (hull.x + hull.width / 2);
    if (apart > 0.4 * hull.width)
      right = std::min(right, std::max(hull.x + hull.width, (hull.x + hull.width + other.x) / 2));
    else if (apart < -0.4 * hull.width)
      left = std::max(left, std::min(hull.x, (hull.x + other.x + other.width) / 2));
  }
  return cv::Rect2d(left, hull.y - reach_y, right - left, hull.height + 2 * reach_y) & active;
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
    return box.height < 5.5 * below + 8 && box.width < (cut ? 6.0 : kWidest) * below + 4 &&
           (cut || box.width < 3.2 * box.height + 6);
  }
  // At least a rider: 0.5 m wide, and a body, not a mark on the road.
  bool whole(const cv::Rect2d& box) const {
    const double below = box.y + box.height - horizon;
    if (!not_too_large(box) || box.width < 5 || box.height < 5) return false;
    if (box.width < 0.2 * box.height || box.height < 0.25 * box.width) return false;
    return !riding || (box.width > 0.3 * below && box.height > 0.7 * below);
  }
};

// Corners joined so far: where they are, and the sums that tell how well one velocity and one
// growth explain all of them.
struct Heap {
  explicit Heap(const PointMotion& motion) : extent(motion.now, cv::Size2d(0.01, 0.01)) {
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
    // A prior of 0.5/s keeps a pair of corners from claiming any growth it likes.
    const double growth = shared / (spread + 1 / (0.5 * 0.5));
    return std::max(0.0, all - growth * shared);
  }
  bool joins(const Heap& other, const Plausible& plausible) const {
    const cv::Rect2d both = extent | other.extent;
    if (std::max(both.width, both.height) > 12 && !plausible.not_too_large(both)) return false;
    Heap sum = *this;
    sum.add(other);
    const double together = sum.misfit();
    const double more = together - misfit() - other.misfit();
    const auto smaller = static_cast<double>(std::min(count, other.count));
    return together < 2.0 * static_cast<double>(sum.count) + 4 && more < 4.0 * smaller + 4;
  }
  void add(const Heap& other) {
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

void MovingObjects::clear() {
  objects_.clear();
}

void MovingObjects::update(const PointTracker& points, const std::vector<PointMotion>& motions,
                           double dt, const cv::Rect& active, const EgoMotion& ego) {
  const Plausible plausible{ego.vanishing().y, ego.riding(), cv::Rect2d(active)};
  for (MovingObject& object : objects_) carry(object, points, dt);

  std::vector<Group> groups = group_movers(motions, plausible);
  // Each thing takes the group that shares most of its corners, the best match first.
  struct Match {
    double worth;
    std::size_t object;
    std::size_t group;
  };
  std::vector<Match> matches;
  for (std::size_t o = 0; o < objects_.size(); ++o) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      int shared = 0;
      for (const std::size_t i : groups[g].motion.inliers) shared += objects_[o].has(motions[i].id);
      const double covered = overlap(objects_[o].box, groups[g].hull) /
                             std::max(1.0, (objects_[o].box | groups[g].hull).area());
      if (shared > 0 || covered > 0.3) matches.push_back({shared + covered, o, g});
    }
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const Match& a, const Match& b) { return a.worth > b.worth; });
  std::vector<bool> object_done(objects_.size(), false);
  std::vector<bool> group_done(groups.size(), false);
  for (const Match& match : matches) {
    if (object_done[match.object] || group_done[match.group]) continue;
    object_done[match.object] = group_done[match.group] = true;
    std::vector<cv::Rect2d> neighbours;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (g != match.group && groups[g].motion.inliers.size() >= kLeastToFound)
        neighbours.push_back(groups[g].hull);
    }
    see(objects_[match.object], groups[match.group], points, neighbours, motions, ego, plausible);
  }
  for (std::size_t o = 0; o < objects_.size(); ++o) {
    if (object_done[o]) continue;
    --objects_[o].sightings;
    objects_[o].movers = 0;
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (!group_done[g]) begin(groups[g], motions, plausible);
  }
  std::erase_if(objects_, [&](const MovingObject& object) {
    return object.sightings <= 0 || object.box.width < 3 || object.box.height < 3 ||
           overlap(object.box, plausible.active) < 0.3 * object.box.area();
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
  const cv::Point2d step(middle_value(dx), middle_value(dy));
  const double scale = std::exp(std::clamp(object.growth, -1.0, 1.0) * dt);
  object.box.x = centre.x + (object.box.x + step.x - centre.x) * scale;
  object.box.y = centre.y + (object.box.y + step.y - centre.y) * scale;
  object.box.width *= scale;
  object.box.height *= scale;
}

std::vector<MovingObjects::Group> MovingObjects::group_movers(
    const std::vector<PointMotion>& motions, const Plausible& plausible) const {
  std::vector<std::size_t> movers;
  std::vector<int> owner;
  for (std::size_t i = 0; i < motions.size(); ++i) {
    if (!moves(motions[i])) continue;
    movers.push_back(i);
    owner.push_back(0);
    for (const MovingObject& object : objects_) {
      if (object.has(motions[i].id)) owner.back() = object.id;
    }
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
      if (distance > std::clamp(0.5 * below, 9.0, 60.0) || !alike(first, second)) continue;
      double cost = distance;
      if (owner[a] != 0 && owner[b] != 0) cost *= owner[a] == owner[b] ? 0.6 : 1.6;
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
  std::vector<Heap> heaps;
  for (const std::size_t i : movers) heaps.emplace_back(motions[i]);
  for (const Link& link : links) {
    const std::size_t a = root(link.a);
    const std::size_t b = root(link.b);
    if (a == b || !heaps[a].joins(heaps[b], plausible)) continue;
    parent[a] = b;
    heaps[b].add(heaps[a]);
  }
  std::vector<std::vector<std::size_t>> sets(movers.size());
  for (std::size_t i = 0; i < movers.size(); ++i) sets[root(i)].push_back(movers[i]);

  std::vector<Group> groups;
  for (std::vector<std::size_t>& set : sets) {
    for (std::vector<std::size_t>& part :
         parted_at_gaps(motions, std::move(set), plausible.horizon)) {
      if (part.size() < kLeastMembers) continue;
      std::optional<GroupMotion> motion = fit_group(motions, part);
      if (!motion || motion->inliers.size() * 10 < part.size() * 6) continue;
      const cv::Rect2d hull = hull_of(motions, motion->inliers);
      groups.push_back({std::move(*motion), hull});
    }
  }
  return groups;
}

void MovingObjects::see(MovingObject& object, const Group& group, const PointTracker& points,
                        const std::vector<cv::Rect2d>& neighbours,
                        const std::vector<PointMotion>& motions, const EgoMotion& ego,
                        const Plausible& plausible) {
  const cv::Point2d focus = ego.vanishing();
  double outward = 0;
  double weight = 0;
  double seconds = 0;
  cv::Point2d arm;
  object.members.clear();
  for (const std::size_t i : group.motion.inliers) {
    object.members.push_back(motions[i].id);
    const double w = 1 / (motions[i].expansion_sigma * motions[i].expansion_sigma);
    outward += w * motions[i].expansion;
    weight += w;
    arm += motions[i].from - focus;
    seconds += motions[i].seconds;
  }
  std::sort(object.members.begin(), object.members.end());
  const auto count = static_cast<double>(group.motion.inliers.size());
  object.movers = static_cast<int>(group.motion.inliers.size());

  // Growth from within, and, on a path parallel to ours, from the way out of the focus.
  const Growth within = inner_growth(points, object.members, group.motion);
  object.growth = within.rate;
  object.growth_sigma = within.sigma;
  const double reach = std::max(3.0, std::hypot(arm.x, arm.y) / count);
  seconds /= count;
  outward /= weight;
  const double below = std::max(2.0, object.box.y + object.box.height - focus.y);
  // In a curve those behind follow the curve, not our momentary heading; and nobody drives dead
  // straight.
  const double sideways = ego.turn_px_per_s() + kSidewaysDrift_mps / kUsualCameraHeight_m * below;
  const double outward_sigma = std::sqrt(1 / weight + std::pow(kTurnDoubt_px / reach / seconds, 2) +
                                         std::pow(outward * ego.focus_sigma_px() / reach, 2) +
                                         std::pow(sideways / reach, 2));
  if (std::abs(outward - object.growth) < 3 * std::hypot(object.growth_sigma, outward_sigma)) {
    const double a = 1 / (object.growth_sigma * object.growth_sigma);
    const double b = 1 / (outward_sigma * outward_sigma);
    object.growth = (a * object.growth + b * outward) / (a + b);
    object.growth_sigma = std::sqrt(1 / (a + b));
  }

  const cv::Rect2d& active = plausible.active;
  cv::Rect2d hull = group.hull & active;
  const double speed = std::hypot(group.motion.velocity.x, group.motion.velocity.y);
  const cv::Rect2d room = room_about(hull, neighbours, active);
  if (const auto outline = outline_of(points, ego, object.members, speed, hull, room)) {
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

  const bool fits = plausible.whole(object.box) && !lies_on_a_line(motions, group.motion.inliers);
  object.sightings = std::min(object.sightings + (fits ? 1 : -2), kMostSightings);
  object.confirmed = object.confirmed || object.sightings >= kConfirmedAt;
}

void MovingObjects::begin(const Group& group, const std::vector<PointMotion>& motions,
                          const Plausible& plausible) {
  if (group.motion.inliers.size() < kLeastToFound) return;
  const cv::Rect2d hull = group.hull & plausible.active;
  if (!plausible.whole(hull) || lies_on_a_line(motions, group.motion.inliers)) return;
  MovingObject object;
  object.id = next_id_++;
  object.box = hull;
  object.sightings = 1;
  object.movers = static_cast<int>(group.motion.inliers.size());
  object.growth = group.motion.growth;
  object.growth_sigma = group.motion.growth_sigma;
  for (const std::size_t i : group.motion.inliers) object.members.push_back(motions[i].id);
  std::sort(object.members.begin(), object.members.end());
  objects_.push_back(std::move(object));
}

void MovingObjects::merge(const Plausible& plausible) {
  // Two things in one place are one; the better established stays.
  std::stable_sort(objects_.begin(), objects_.end(), [](const auto& a, const auto& b) {
    return a.sightings != b.sightings ? a.sightings > b.sightings : a.id < b.id;
  });
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
