#include "analyse/looming/ego_motion.h"

#include <algorithm>
#include <cmath>
#include <opencv2/calib3d.hpp>

#include "analyse/common/least_squares.h"
#include "analyse/looming/median.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::ego_motion;

}  // namespace

EgoMotion::EgoMotion(cv::Size size, double focal_px)
    : size_(size), focal_(focal_px), centre_(size.width / 2.0, size.height / 2.0) {
  reset();
}

void EgoMotion::reset() {
  focus_ = centre_;
  focus_sigma_ = kFocusOpen_px;
  motion_ = {};
  turn_ = cv::Matx33d::eye();
  riding_ = 0;
  road_rate_ = 0;
  road_known_ = false;
}

cv::Point2d EgoMotion::mapped(const cv::Matx33d& turn, cv::Point2d place) const {
  const cv::Vec3d ray((place.x - centre_.x) / focal_, (place.y - centre_.y) / focal_, 1);
  const cv::Vec3d to = turn * ray;
  const double ahead = std::max(to[2], kLeastAhead);
  return {centre_.x + focal_ * to[0] / ahead, centre_.y + focal_ * to[1] / ahead};
}

cv::Point2d EgoMotion::turned(cv::Point2d from) const {
  return mapped(turn_, from);
}

cv::Point2d EgoMotion::before_turn(cv::Point2d now) const {
  return mapped(turn_.t(), now);
}

bool EgoMotion::riding() const {
  return riding_ > kMostlyRiding;
}

double EgoMotion::least_contraction(double row) const {
  return std::max(0.0, row - motion_.contraction.y) * motion_.road_rate;
}

const CameraMotion& EgoMotion::estimate(const PointTracker& points, int back) {
  motion_.known = false;
  motion_.seconds = points.t_s(0) - points.t_s(back);
  if (motion_.seconds < kLeastSpacing_s) {
    motion_.rotation = {};
    return motion_;
  }
  std::vector<std::pair<cv::Point2d, cv::Point2d>> pairs;
  for (const PointPath& path : points.paths()) {
    if (path.length > back) pairs.emplace_back(points.at(path, back), points.at(path, 0));
  }
  if (static_cast<int>(pairs.size()) < kLeastPoints) return motion_;

  // First guess: what is far away, high in the picture, shows the rotation alone.
  std::vector<double> dx;
  std::vector<double> dy;
  for (const auto& [from, to] : pairs) {
    if (from.y > focus_.y + kFarBelow * size_.height) continue;
    dx.push_back(to.x - from.x);
    dy.push_back(to.y - from.y);
  }
  if (static_cast<int>(dx.size()) < kLeastPoints / 2) {
    for (const auto& [from, to] : pairs) {
      dx.push_back(to.x - from.x);
      dy.push_back(to.y - from.y);
    }
  }
  cv::Vec3d rotation(-median(dy) / focal_, median(dx) / focal_, 0);
  cv::Point2d focus = focus_;
  const double focus_sigma = std::hypot(focus_sigma_, kFocusShake_px);

  // Gauss-Newton on what moves across the line to the focus, weights by Geman and McClure with a
  // scale that narrows.
  double noise = kNoiseOpen_px;
  LeastSquares<5> fit;  // of the rotation and the focus
  for (int round = 0; round < kEgoRounds; ++round) {
    cv::Rodrigues(rotation, turn_);
    fit = {};
    std::vector<double> left;
    left.reserve(pairs.size());
    for (const auto& [from, to] : pairs) {
      const cv::Point2d still = turned(from);
      const cv::Point2d flow = to - still;
      const cv::Point2d arm = still - focus;
      const double reach = std::sqrt(arm.dot(arm));
      if (reach < kLeastFocusReach_px) continue;
      const cv::Point2d across(-arm.y / reach, arm.x / reach);
      const double miss = across.dot(flow);
      left.push_back(std::abs(miss));
      const double ratio = miss / noise;
      const double weight = geman_mcclure(ratio * ratio) / (noise * noise);
      const double x = still.x - centre_.x;
      const double y = still.y - centre_.y;
      // d(still)/d(rotation) for small angles about x, y, z.
      const cv::Point2d by_x(-x * y / focal_, -(focal_ + y * y / focal_));
      const cv::Point2d by_y(focal_ + x * x / focal_, x * y / focal_);
      const cv::Point2d by_z(-y, x);
      const cv::Vec<double, 5> jacobian(-across.dot(by_x), -across.dot(by_y), -across.dot(by_z),
                                        -flow.y / reach, flow.x / reach);
      fit.add(jacobian, -miss, weight);
    }
    if (static_cast<int>(left.size()) < kLeastPoints) return motion_;
    const double prior = 1 / (focus_sigma * focus_sigma);
    fit.expect(3, focus_.x - focus.x, prior);
    fit.expect(4, focus_.y - focus.y, prior);
    for (int i = 0; i < 3; ++i) fit.expect(i, 0, kNoTurnWeight);
    const auto step = fit.solve();
    if (!step) return motion_;
    rotation += cv::Vec3d((*step)[0], (*step)[1], (*step)[2]);
    focus += cv::Point2d((*step)[3], (*step)[4]);
    noise = std::clamp(kSigmaPerMedian * median(left), kLeastNoise_px, noise);
  }
  if (!(cv::norm(rotation) < kMostTurn_rad) || !(cv::norm(focus - focus_) < kMostFocus * focal_))
    return motion_;
  cv::Rodrigues(rotation, turn_);
  motion_.rotation = rotation;
  motion_.contraction = focus;
  motion_.noise_px = noise;
  motion_.known = true;

  // Standing, the few that move are others: nothing to be learnt about our own way.
  int flowing = 0;
  int fitting = 0;
  for (const auto& [from, to] : pairs) {
    const cv::Point2d still = turned(from);
    const cv::Point2d flow = to - still;
    const cv::Point2d arm = still - focus;
    const double reach = std::max(1.0, std::hypot(arm.x, arm.y));
    if (std::abs(arm.x * flow.y - arm.y * flow.x) / reach > kAgree * noise) continue;
    ++fitting;
    flowing += std::abs(arm.dot(flow)) / reach > std::max(kFlows_px, kFlows_sigma * noise);
  }
  const bool rides = flowing > kFlowShare * fitting;
  riding_ += kRidingGain * ((rides ? 1.0 : 0.0) - riding_);
  if (!rides) {
    fit_road(points, back);
    return motion_;
  }

  // The slow mean learns only where the pictures say more than the prior did.
  const auto covariance = fit.covariance();
  const double posterior =
      covariance ? std::sqrt(std::max((*covariance)(3, 3), (*covariance)(4, 4))) : focus_sigma;
  focus_sigma_ = std::min(kFocusOpen_px, std::hypot(focus_sigma_, kFocusDrift_px));
  if (posterior < kTells * focus_sigma) {
    // Pairs overlap and shake stays, so one picture counts as a coarse sight only.
    const double sight = std::hypot(posterior, kSightShakes * kFocusShake_px);
    const double gain = focus_sigma_ * focus_sigma_ / (focus_sigma_ * focus_sigma_ + sight * sight);
    focus_ += gain * (focus - focus_);
    focus_sigma_ = std::max(kFocusSettled_px, focus_sigma_ * std::sqrt(1 - gain));
  }
  fit_road(points, back);
  return motion_;
}

void EgoMotion::fit_road(const PointTracker& points, int back) {
  // Corners in the lower middle of the picture lie on the road, most of them. Their contraction per
  // row is one number; things that stand up show more, vehicles that follow less.
  std::vector<std::pair<double, double>> rates;  // rate, weight
  for (const PointPath& path : points.paths()) {
    if (path.length <= back) continue;
    const cv::Point2d from = points.at(path, back);
    const cv::Point2d still = turned(from);
    const cv::Point2d arm = still - motion_.contraction;
    if (arm.y < kRoadFrom * size_.height || std::abs(arm.x) > kRoadAside * arm.y) continue;
    const cv::Point2d flow = cv::Point2d(points.at(path, 0)) - still;
    const double rate = -arm.dot(flow) / arm.dot(arm) / motion_.seconds;
    const double sigma = motion_.noise_px / std::hypot(arm.x, arm.y) / motion_.seconds / arm.y;
    rates.emplace_back(rate / arm.y, 1 / (sigma + 1e-6));
  }
  double found = 0;
  double sure = 0;
  if (rates.size() >= kLeastRates) {
    // Densest place: the kernel sum at each candidate, width as wide as the measurement.
    double best = -1;
    double all = 0;
    for (const auto& [rate, weight] : rates) all += weight;
    for (const auto& [candidate, unused] : rates) {
      if (candidate < 0) continue;
      double sum = 0;
      for (const auto& [rate, weight] : rates) {
        const double width = kKernelShare * candidate + kKernel_sigma / weight;
        const double off = (rate - candidate) / width;
        if (std::abs(off) < kAgree) sum += weight * std::exp(-0.5 * off * off);
      }
      if (sum > best) {
        best = sum;
        found = candidate;
      }
    }
    sure = all > 0 ? best / all : 0;
  }
  if (found > 0 && sure > kRoadShare) {
    road_rate_ = road_known_ ? road_rate_ + kRoadGain * (found - road_rate_) : found;
    road_known_ = true;
  } else {
    road_rate_ *= kRoadKept;
  }
  motion_.road_rate = road_known_ ? road_rate_ : 0;
}

}  // namespace rearview
