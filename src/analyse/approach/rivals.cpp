#include "analyse/approach/rivals.h"

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

using namespace approach_tuning;

/// Share of a normal distribution below the value.
double below(double value, const Estimate& of) {
  return 0.5 * std::erfc((of.value - value) / (of.sigma * std::sqrt(2.0)));
}

double normal_density(double off, double sigma) {
  return std::exp(-0.5 * (off / sigma) * (off / sigma)) / (sigma * std::sqrt(2 * CV_PI));
}

/// How much likelier `off` is with the one standard deviation than with the other; a logarithm.
double log_ratio(double off, double sigma, double other) {
  return std::log(other / sigma) - 0.5 * off * off * (1 / (sigma * sigma) - 1 / (other * other));
}

/// Of a rate that is positive: its logarithm is normal.
struct Expected {
  double median = 0;
  double log_sigma = 0;
};

/// How fast a picture grows at these speeds. distance: with its share as doubt.
Expected growth_at(const Speeds& speeds, const Estimate& distance) {
  return {speeds.median_mps / distance.value, std::hypot(speeds.log_sigma, distance.sigma)};
}

/// How likely a measurement is where so much is expected: the whole, and the part of it in which
/// the truth is at least `least`. By rectangles over what the measurement leaves open.
struct Likelihood {
  double whole = 0;
  double part = 0;
};

Likelihood likelihood(const Estimate& measured, const Expected& expected, double least = 0) {
  Likelihood sum;
  const double step = 2 * kOpenSigmas * measured.sigma / (kOpenSteps - 1);
  for (int i = 0; i < kOpenSteps; ++i) {
    const double off = -kOpenSigmas * measured.sigma + i * step;
    const double rate = measured.value + off;
    if (rate <= 0) continue;
    const double prior =
        normal_density(std::log(rate / expected.median), expected.log_sigma) / rate;
    const double share = prior * normal_density(off, measured.sigma) * step;
    sum.whole += share;
    if (rate >= least) sum.part += share;
  }
  return sum;
}

Estimate negative(const Estimate& of) {
  return {-of.value, of.sigma};
}

/// Its doubt as a share.
Estimate distance_of(const VehicleEstimate& estimate) {
  if (!estimate.distance_m) return {kAnyDistance_m, kAnyDistanceShare};
  return {std::max(kLeastDistance_m, estimate.distance_m->value),
          std::max(kLeastDistanceShare, estimate.distance_m->sigma / estimate.distance_m->value)};
}

/// Two estimates of one thing, joined by their doubts.
Estimate fused(const Estimate& a, const Estimate& b) {
  const double wa = 1 / (a.sigma * a.sigma);
  const double wb = 1 / (b.sigma * b.sigma);
  return {(wa * a.value + wb * b.value) / (wa + wb), std::sqrt(1 / (wa + wb))};
}

/// The chance that its way leads by within reach_m.
double on_path(const VehicleEstimate& estimate, double growth, double distance_m, double reach_m) {
  Estimate passes{0, kAnyLateral_m};
  if (estimate.lateral_m)
    passes = {estimate.lateral_m->value,
              std::hypot(std::max(kLeastLateral_m, estimate.lateral_m->sigma), kSwings_m)};
  if (estimate.bearing_rate && growth > 0 && !estimate.leaving()) {
    // Its way, carried on to our level.
    const double m_per_rate = distance_m / std::max(kLeastGrowth_per_s, growth);
    passes = fused(passes, {estimate.bearing_rate->value * m_per_rate,
                            std::max(kLeastRate, estimate.bearing_rate->sigma) * m_per_rate});
  }
  return below(reach_m, passes) - below(-reach_m, passes);
}

double longer_side(const cv::Rect2f& box) {
  return static_cast<double>(std::max(box.width, box.height));
}

/// How far the edge has gone that went farthest.
double moved_px(const cv::Rect2f& from, const cv::Rect2f& to) {
  const cv::Point2f first = to.tl() - from.tl();
  const cv::Point2f last = to.br() - from.br();
  return static_cast<double>(
      std::max({std::abs(first.x), std::abs(first.y), std::abs(last.x), std::abs(last.y)}));
}

}  // namespace

void Rivals::see(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  const double since_s = seen_s_ ? std::max(0.0, estimate.t_s - *seen_s_) : 0;
  for (double& sum : evidence_) sum *= std::exp(-since_s / kEvidenceMemory_s);
  see_place(estimate, since_s);
  see_edge(estimate, since_s);
  see_agreement(estimate, since_s);
  for (double& sum : evidence_) sum = std::clamp(sum, -kMostEvidence, kMostEvidence);
  double& several = evidence(Explanation::several);
  several = std::clamp(several, -kMostAgreement, kMostAgreement);
  seen_s_ = estimate.t_s;

  const Estimate growth{estimate.growth.value,
                        std::max(kLeastGrowthSigma_per_s, kGrowthDoubt * estimate.growth.sigma)};
  const Estimate distance = distance_of(estimate);
  const auto about_zero = [&growth](double spread) {
    return normal_density(growth.value, std::hypot(growth.sigma, spread));
  };
  const auto shrinks = [&](const Speeds& speeds) {
    return likelihood(negative(growth), growth_at(speeds, distance)).whole;
  };
  // In time beside the rider, or out of view.
  const Likelihood closing = likelihood(growth, growth_at(kClosing, distance),
                                        (1 - estimate.way_out) / policy.farthest_ttc_s);
  const double path = on_path(estimate, growth.value, distance.value, policy.widest_pass_m);

  const Priors& prior = estimate.known() ? kNamedPriors : kUnnamedPriors;
  shares_[index(Explanation::closing_in)] = prior.closing * closing.whole * path;
  shares_[index(Explanation::closing_aside)] = prior.closing * closing.whole * (1 - path);
  shares_[index(Explanation::going_along)] = prior.along * about_zero(kAlong_mps / distance.value);
  shares_[index(Explanation::falling_back)] = prior.falling * shrinks(kFalling);
  shares_[index(Explanation::fixed_to_road)] = prior.road * shrinks(kRoad);
  shares_[index(Explanation::fixed_to_camera)] =
      prior.camera * ((1 - kBreathes) * about_zero(0) + kBreathes * about_zero(kBreath_per_s));
  shares_[index(Explanation::several)] = prior.several * about_zero(kSeveral_per_s);
  double sum = 0;
  for (std::size_t i = 0; i < kCount; ++i) sum += shares_[i] *= std::exp(evidence_[i]);
  for (double& share : shares_) share = sum > 0 ? share / sum : 1.0 / kCount;

  claim_.closes_in = share(Explanation::closing_in);
  claim_.probability =
      closing.whole > 0 ? share(Explanation::closing_in) * closing.part / closing.whole : 0;
  claim_.rival = Explanation::closing_aside;
  for (const Explanation other : values<Explanation>()) {
    if (other != Explanation::closing_in && share(other) > share(claim_.rival))
      claim_.rival = other;
  }
}

// What is fixed to the camera stays where it is, but for how its box is drawn; anything else drifts
// off in seconds.
void Rivals::see_place(const VehicleEstimate& estimate, double since_s) {
  double& stays = evidence(Explanation::fixed_to_camera);
  const double side = longer_side(estimate.box);
  const double drawn_px = kStands_px + kStandsShare * side;
  const double moved = moved_px(stands_, estimate.box);
  if (!seen_s_ || moved > kLeftPlace * drawn_px) {
    stands_ = estimate.box;
    stands_since_s_ = estimate.t_s;
    stays = std::min(0.0, stays);
    return;
  }
  const double drifts_px =
      kDriftShare_per_s * side * std::min(kStandsMean_s, estimate.t_s - stands_since_s_);
  stays += log_ratio(moved, drawn_px, std::hypot(drawn_px, drifts_px)) * since_s / kEvidenceLasts_s;
  const auto pace = static_cast<float>(std::min(1.0, since_s / kStandsMean_s));
  stands_.x += pace * (estimate.box.x - stands_.x);
  stands_.y += pace * (estimate.box.y - stands_.y);
  stands_.width += pace * (estimate.box.width - stands_.width);
  stands_.height += pace * (estimate.box.height - stands_.height);
}

// Of what the picture cuts off the inner edge is seen: it runs outwards with what comes closer, and
// inwards with what stands at the road, however much of that comes into view.
void Rivals::see_edge(const VehicleEstimate& estimate, double since_s) {
  if (!estimate.edge_growth) return;
  const Estimate& edge = *estimate.edge_growth;
  const Estimate distance = distance_of(estimate);
  const double still =
      normal_density(edge.value, std::hypot(edge.sigma, kAlong_mps / distance.value));
  const auto tell = [&](Explanation explanation, const Likelihood& likely) {
    const double ratio = std::log((likely.whole + kUnforeseen) / (still + kUnforeseen));
    evidence(explanation) += ratio * since_s / kEvidenceLasts_s;
  };
  const Likelihood closing = likelihood(edge, growth_at(kClosing, distance));
  tell(Explanation::closing_in, closing);
  tell(Explanation::closing_aside, closing);
  tell(Explanation::falling_back, likelihood(negative(edge), growth_at(kFalling, distance)));
  tell(Explanation::fixed_to_road, likelihood(negative(edge), growth_at(kRoad, distance)));
}

// The boxes of one thing grow as its picture does.
void Rivals::see_agreement(const VehicleEstimate& estimate, double since_s) {
  if (!estimate.boxes || !estimate.boxes->slope_per_s || estimate.leaving()) return;
  const double apart = *estimate.boxes->slope_per_s - estimate.growth.value;
  const double drawn = kSlopeDoubt_per_s + kSlopeDoubt_px_per_s / longer_side(estimate.box);
  const double one = std::hypot(kGrowthDoubt * estimate.growth.sigma, drawn);
  evidence(Explanation::several) +=
      log_ratio(apart, std::hypot(one, kSeveral_per_s), one) * since_s / kAgreementLasts_s;
}

}  // namespace rearview
