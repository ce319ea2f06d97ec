#include "analyse/approach/vehicle_estimator.h"

#include <algorithm>
#include <cmath>

#include "analyse/common/picture_history.h"

namespace rearview {
namespace {

using namespace approach_tuning;

struct UsualSize {
  double width_m;
  double width_share;  ///< one standard deviation
  double height_m;
  double height_share;
};

// Usual sizes of what drives on roads: EU directive 96/53/EC bounds lorries and buses at 2.55 m by
// 4.0 m; cars 1.65 to 1.95 m by 1.4 to 1.7 m; the spread of `vehicle` covers them all.
UsualSize usual_size(VehicleClass vehicle_class) {
  switch (vehicle_class) {
    case VehicleClass::car:
      return {1.8, 0.15, 1.5, 0.12};
    case VehicleClass::van:
      return {2.0, 0.15, 2.2, 0.2};
    case VehicleClass::bus:
      return {2.5, 0.15, 3.1, 0.15};
    case VehicleClass::truck:
      return {2.5, 0.2, 3.3, 0.25};
    case VehicleClass::motorcycle:
      return {0.8, 0.3, 1.5, 0.15};
    case VehicleClass::bicycle:
      return {0.6, 0.3, 1.7, 0.12};
    case VehicleClass::vehicle:
      break;
  }
  return {1.8, 0.35, 1.5, 0.4};
}

// Two independent estimates of one positive quantity, joined by their logarithms.
Estimate joined(const Estimate& a, const Estimate& b) {
  const double wa = std::pow(a.value / a.sigma, 2);
  const double wb = std::pow(b.value / b.sigma, 2);
  const double value = std::exp((wa * std::log(a.value) + wb * std::log(b.value)) / (wa + wb));
  // Where the two disagree, the truth lies somewhere between: the doubt is no smaller than that.
  const double apart = std::abs(std::log(a.value / b.value)) / 2;
  return {value, value * std::hypot(std::sqrt(1 / (wa + wb)), kDisagreementShare * apart)};
}

std::optional<Estimate> ttc_of(const Estimate& growth) {
  if (growth.value < kHolding_per_s || growth.value < 2 * growth.sigma) return std::nullopt;
  return Estimate{1 / growth.value, growth.sigma / (growth.value * growth.value)};
}

std::optional<Estimate> closing_of(const Estimate& growth,
                                   const std::optional<Estimate>& distance) {
  if (!distance || growth.sigma > 0.1 + 0.5 * std::abs(growth.value)) return std::nullopt;
  return Estimate{growth.value * distance->value,
                  std::hypot(growth.sigma * distance->value, growth.value * distance->sigma)};
}

Motion motion_of(const Estimate& growth) {
  if (growth.value > kHolding_per_s && growth.value > 2 * growth.sigma) return Motion::approaching;
  if (growth.value < -kHolding_per_s && growth.value < -2 * growth.sigma) return Motion::receding;
  if (growth.sigma < kHoldingSigma_per_s) return Motion::holding;
  return Motion::unknown;
}

float cut_margin(const cv::Rect2f& shown) {
  return std::max(kCutMargin_px, kCutMarginShare * shown.width);
}

double middle_x(const cv::Rect2f& box) {
  return box.x + box.width / 2.0;
}

}  // namespace

double VehicleEstimate::bearing_rate_deg_per_s() const {
  if (!bearing || !bearing_rate) return 0;
  return bearing_rate->value / (1 + bearing->value * bearing->value) * 180 / CV_PI;
}

std::optional<double> told_lateral_m(const VehicleEstimate& estimate) {
  const std::optional<Estimate>& across = estimate.lateral_m;
  if (!across || across->sigma >= kSureLateral_m) return std::nullopt;
  return estimate.side == Side::left ? -across->value : across->value;
}

const VehicleEstimate& VehicleEstimator::update(const VehicleSight& sight, const ViewGeometry& view,
                                                double t_s) {
  const double passed_s = started_ ? std::max(0.0, t_s - now_.t_s) : 0;
  const double memory = std::exp(-(started_ ? passed_s : kMemory_s) / kMemory_s);
  now_.box_score = memory * now_.box_score + (1 - memory) * sight.box_score.value_or(0);
  if (sight.box_score) now_.boxed_s = t_s;
  now_.camera_height_m.reset();
  now_.t_s = t_s;
  now_.vehicle_class = sight.track.vehicle_class;
  now_.box = sight.track.box;
  if (started_) predict(passed_s);
  const cv::Rect2f& shown = view.shown;
  const cv::Rect2f& box = now_.box;
  const float margin = cut_margin(shown);
  const bool cut_left = box.x <= shown.x + margin;
  const bool cut_right = box.x + box.width >= shown.x + shown.width - margin;
  if (!sight.track.coasting) {
    const double since_s = started_ ? t_s - now_.seen_s : 1;
    now_.seen_s = t_s;
    now_.cut_left = cut_left;
    now_.cut_right = cut_right;
    now_.cut_bottom = box.y + box.height >= shown.y + shown.height - margin;
    see(sight, view, since_s);
  }
  started_ = true;
  now_.growth = growth_.growth();
  history_.emplace_back(t_s, now_.growth);
  while (history_.size() > 2 &&
         (t_s - history_.front().first > kTrendMemory_s || history_.size() > kMostKept))
    history_.pop_front();

  now_.ttc_s = ttc_of(now_.growth);
  now_.closing_mps = closing_of(now_.growth, now_.distance_m);
  if (bearing_) {
    now_.bearing = bearing_->value();
    now_.bearing_rate = bearing_->rate();
  }
  now_.motion = motion_of(now_.growth);
  now_.trend = trend();
  now_.side = side();
  now_.boxes = box_change();
  // Its box, seen or predicted, reaches the picture's left or right edge.
  now_.out_of_view_s = cut_left || cut_right ? way_out_s_ : std::nullopt;
  return now_;
}

void VehicleEstimator::predict(double dt_s) {
  growth_.predict(dt_s);
  if (bearing_) bearing_->predict(dt_s, kBearingAcceleration);
  if (!now_.distance_m) return;
  Estimate& distance = *now_.distance_m;
  const double share = distance.sigma / distance.value;
  distance.value *=
      std::exp(std::clamp(-growth_.growth().value * dt_s, -kMostCarried, kMostCarried));
  distance.sigma = distance.value * share;
}

void VehicleEstimator::see(const VehicleSight& sight, const ViewGeometry& view, double since_s) {
  const cv::Rect2f& box = now_.box;
  if (sight.growth) growth_.measure_growth(sight.growth->value, sight.growth->sigma, since_s);
  const double memory = std::exp(-std::min(since_s, 1.0) / kMemory_s);
  now_.measured_share = memory * now_.measured_share + (sight.growth ? 1 - memory : 0);
  const double middle = middle_x(box);
  const double room = middle < view.vanishing.x
                          ? view.vanishing.x - view.shown.x
                          : view.shown.x + view.shown.width - view.vanishing.x;
  now_.way_out = std::clamp(std::abs(middle - view.vanishing.x) / std::max(1.0, room), 0.0, 1.0);
  see_size(sight, view, since_s);
  if (!now_.cut_left && !now_.cut_right) {
    const double tangent = (middle - view.vanishing.x) / view.focal_px;
    const double sigma = std::hypot(kBearingShake, kBearingNoise_px / view.focal_px);
    if (bearing_)
      bearing_->correct(tangent, sigma);
    else
      bearing_.emplace(Estimate{tangent, sigma}, kFirstBearingRate);
  }
  see_distance(box, view);
  if (boxes_.empty() && now_.distance_m) now_.first_m = now_.distance_m->value;
  way_out_s_.reset();
  if (const auto time = ttc_of(growth_.growth()); time && now_.way_out > kToTheSide)
    way_out_s_ = now_.t_s + (1 - now_.way_out) * time->value;
  // Of two pictures that came at once the newer counts, as in PictureHistory.
  if (!boxes_.empty() && boxes_.back().first == now_.t_s) boxes_.pop_back();
  boxes_.emplace_back(now_.t_s, box);
  while (now_.t_s - boxes_.front().first > PictureHistory::kSpan_s || boxes_.size() > kMostKept)
    boxes_.pop_front();
}

void VehicleEstimator::see_size(const VehicleSight& sight, const ViewGeometry& view,
                                double since_s) {
  const cv::Rect2f& box = now_.box;
  const cv::Rect2f& shown = view.shown;
  const double share = sight.growth ? kLooseBoxShare : kBoxNoiseShare;
  const auto noise = [share](double size) { return std::hypot(kBoxNoise_px, share * size); };
  const float near_edge = kNearEdgeShare * shown.width;
  const bool at_left = box.x <= shown.x + near_edge;
  const bool at_right = box.x + box.width >= shown.x + shown.width - near_edge;
  now_.edge_growth.reset();
  if (at_left == at_right) edges_.clear();
  if (at_left || at_right) {
    growth_.drop(GrowthFilter::kWidth);
    // What is in the picture of it ends at an edge that runs outwards as it comes closer.
    const double edge = at_left ? box.x + box.width : box.x;
    const double offset = at_left ? view.vanishing.x - edge : edge - view.vanishing.x;
    if (!(at_left && at_right) && offset > kOffsetShare * shown.width) {
      const double sigma_px = noise(offset) + kOffsetNoise_px;
      growth_.measure_size(GrowthFilter::kOffset, offset, sigma_px, since_s);
      see_edge(offset, sigma_px);
    } else {
      growth_.drop(GrowthFilter::kOffset);
      edges_.clear();
    }
  } else {
    growth_.drop(GrowthFilter::kOffset);
    growth_.measure_size(GrowthFilter::kWidth, box.width, noise(box.width), since_s);
  }
  const bool cut_top = box.y <= shown.y + cut_margin(shown);
  if (now_.cut_bottom || cut_top)
    growth_.drop(GrowthFilter::kHeight);
  else
    growth_.measure_size(GrowthFilter::kHeight, box.height, noise(box.height), since_s);
}

void VehicleEstimator::see_edge(double offset_px, double sigma_px) {
  if (!edges_.empty() && edges_.back().first == now_.t_s) edges_.pop_back();
  edges_.emplace_back(now_.t_s, std::log(offset_px));
  while (now_.t_s - edges_.front().first > kEdgeSpan_s || edges_.size() > kMostKept)
    edges_.pop_front();
  const auto& [then_s, then] = edges_.front();
  const double span_s = now_.t_s - then_s;
  if (span_s < kLeastEdgeSpan_s) return;
  now_.edge_growth = Estimate{(edges_.back().second - then) / span_s,
                              std::sqrt(2.0) * sigma_px / offset_px / span_s};
}

void VehicleEstimator::see_distance(const cv::Rect2f& box, const ViewGeometry& view) {
  const bool cut_side = now_.cut_left || now_.cut_right;
  const UsualSize usual = usual_size(now_.vehicle_class);
  std::optional<Estimate> sight;
  const auto add = [&sight](const Estimate& more) { sight = sight ? joined(*sight, more) : more; };
  // By its size.
  if (!cut_side && box.width >= kLeastForDistance_px) {
    const double value = view.focal_px * usual.width_m / box.width;
    add({value, value * std::hypot(usual.width_share, kSideDoubt_px / box.width)});
  } else if (!now_.cut_bottom && box.height >= kLeastForDistance_px) {
    const double value = view.focal_px * usual.height_m / box.height;
    add({value, value * std::hypot(usual.height_share, kSideDoubt_px / box.height)});
  }
  // By where it stands on the road.
  const double below = box.y + box.height - view.vanishing.y;
  const double doubt = kHorizonDoubt_px + view.vanishing_sigma_px;
  if (!now_.cut_bottom && below > 2 * doubt && view.camera_height_m) {
    const double value = view.focal_px * *view.camera_height_m / below;
    add({value, value * std::hypot(kFootShare, doubt / below)});
  }
  if (!cut_side && !now_.cut_bottom && below > kSurelyBelow * doubt &&
      box.width >= kHeightWidth_px && now_.vehicle_class == VehicleClass::car && now_.known() &&
      heights_ < kHeightPictures) {
    height_logs_ += std::log(usual.width_m * below / static_cast<double>(box.width));
    if (++heights_ == kHeightPictures) now_.camera_height_m = std::exp(height_logs_ / heights_);
  }
  if (!sight) return;
  std::optional<Estimate>& distance = now_.distance_m;
  if (!distance) {
    distance = sight;
  } else {
    distance->value *= std::exp(kDistanceGain * std::log(sight->value / distance->value));
    distance->sigma = distance->value * ((1 - kDistanceGain) * distance->sigma / distance->value +
                                         kDistanceGain * sight->sigma / sight->value);
  }
  if (!cut_side && bearing_) {
    const Estimate tangent = bearing_->value();
    const double share = distance->sigma / distance->value;
    now_.lateral_m = Estimate{
        distance->value * tangent.value,
        std::hypot(distance->value * tangent.value * share, distance->value * tangent.sigma)};
  }
}

Side VehicleEstimator::side() const {
  if (now_.cut_left && !now_.cut_right) return Side::left;
  if (now_.cut_right && !now_.cut_left) return Side::right;
  if (!bearing_) return Side::unknown;
  // Where it will be is told worse by its bearing's rate than by where it is: on 19 drawn roads by
  // day, 3 to 8 s before they passed, 10 % were told on the wrong side that way and 1 % this way. A
  // wrong side is worse than none.
  const double across = now_.lateral_m ? now_.lateral_m->value : bearing_->value().value;
  if (std::abs(across) < (now_.lateral_m ? kBeside_m : kBesideTangent)) return Side::behind;
  return across < 0 ? Side::left : Side::right;
}

std::optional<std::pair<double, cv::Rect2f>> VehicleEstimator::seen_before(double most_s) const {
  for (const auto& [then_s, then] : boxes_) {
    const double ratio =
        std::sqrt(static_cast<double>(then.area()) / std::max(1.0F, now_.box.area()));
    if (now_.t_s - then_s <= most_s && ratio > kMostChange && ratio < 1 / kMostChange)
      return std::pair(then_s, then);
  }
  return std::nullopt;
}

std::optional<BoxChange> VehicleEstimator::box_change() const {
  if (boxes_.empty()) return std::nullopt;
  const auto& [now_s, now] = boxes_.back();
  const auto first = std::find_if(boxes_.begin(), boxes_.end(), [now_s = now_s](const auto& seen) {
    return now_s - seen.first <= kPlaceSpan_s;
  });
  const auto& [then_s, then] = *first;
  const auto grown = [](double before, double after) {
    return std::log(after / std::max(1.0, before));
  };
  BoxChange change{.span_s = now_s - then_s,
                   .width = grown(then.width, now.width),
                   .height = grown(then.height, now.height),
                   .slope_per_s = {}};
  if (now_s - boxes_.front().first < kSlopeSpan_s) return change;
  double mean_s = 0;
  for (const auto& seen : boxes_) mean_s += seen.first / static_cast<double>(boxes_.size());
  double over = 0;
  double under = 0;
  for (const auto& [t_s, box] : boxes_) {
    over += (t_s - mean_s) * std::log(std::max(1.0F, box.area())) / 2;
    under += (t_s - mean_s) * (t_s - mean_s);
  }
  change.slope_per_s = over / under;
  return change;
}

std::optional<Trend> VehicleEstimator::trend() const {
  // At constant closing speed 1 / growth falls by one second a second; Lee's tau-dot.
  const Estimate now = now_.growth;
  if (history_.empty() || now.value < kHolding_per_s || now.value < 3 * now.sigma)
    return std::nullopt;
  for (const auto& [t_s, then] : history_) {
    const double span = now_.t_s - t_s;
    if (span < kTrendSpan_s) break;
    if (then.value < kHolding_per_s || then.value < 3 * then.sigma) continue;
    const double slope = (1 / now.value - 1 / then.value) / span;
    const double sigma =
        std::hypot(now.sigma / (now.value * now.value), then.sigma / (then.value * then.value)) /
        span;
    if (slope + 1 > std::max(kTrendSlope, 1.5 * sigma)) return Trend::braking;
    if (slope + 1 < -std::max(kTrendSlope, 1.5 * sigma)) return Trend::accelerating;
    if (sigma < kTrendSlope) return Trend::steady;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace rearview
