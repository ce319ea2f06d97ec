#include "analyse/approach/vehicle_state.h"

#include <algorithm>
#include <cmath>

#include "analyse/common/scale_gauge.h"

namespace rearview {
namespace {

constexpr double kMeasured_px = 0.7;      // a box edge's own noise
constexpr double kMeasuredShare = 0.018;  // and its share of the size
// A detector that measures growth itself grows its boxes as it finds more of the vehicle.
constexpr double kLooseBoxShare = 0.12;
constexpr double kHolding_per_s = 0.04;
// Near, a slow approach counts too: 5 m behind and 0.3 m/s faster.
constexpr double kNearGrowth_per_s = 0.06;
constexpr double kBearingShake = 0.006;        // tangent; what the vanishing point leaves over
constexpr double kBearingAcceleration = 0.25;  // tangent per s^2
constexpr double kHistory_s = 1.5;
// Where pictures come in bursts, or time stands still, a number bounds what times don't.
constexpr std::size_t kMostKept = 256;
// A vehicle that was lost for long comes back at the distance it then shows, not at one that its
// old growth leads to: logarithm of the most that is carried on.
constexpr double kMostCarried = 1;
constexpr double kTrendSpan_s = 0.6;
constexpr double kTrendSlope = 0.4;  // of the time to contact, beside the -1 of constant speed
constexpr double kHorizonDoubt_px = 4;
// Pictures of a car that tell the camera's height: so many, so wide, so far below the horizon.
constexpr int kHeightPictures = 20;
constexpr float kSureWidth_px = 25;
constexpr double kSurelyBelow = 3;
// A vehicle's boxes agree with its growth over this span to this share of their size.
constexpr double kPlaceSpan_s = 0.4;
constexpr double kPlaceSlack = 0.15;
constexpr float kNearEdgeShare = 0.03F;
// Less far to a side it is right behind.
constexpr double kBeside_m = 0.6;
constexpr double kBesideTangent = 0.01;  // where the distance isn't known
// First seen nearer than this, a vehicle has come from beside or ahead, unless it was overlooked.
constexpr double kFromBehind_m = 8;
// So far from the middle (0) to the picture's edge (1), what comes closer leaves at the side.
constexpr double kToTheSide = 0.25;
// Over this span boxes are steady enough to grow by themselves, at least by this share of what was
// measured: what is half hidden behind another is easily laid over the other.
constexpr double kSlopeSpan_s = 0.6;
constexpr double kLeastSlope = 0.3;
// The share of the last moments in which a thing's growth must have been measured in the picture.
constexpr double kMeasuredMemory_s = 0.3;
constexpr double kLeastMeasured = 0.4;
// A vehicle looks much the same until it has grown by half.
constexpr double kMostChange = 0.65;

struct Size {
  double width_m;
  double width_share;  ///< one standard deviation
  double height_m;
  double height_share;
};

// Usual sizes of what drives on roads: EU directive 96/53/EC bounds lorries and buses at 2.55 m by
// 4.0 m; cars 1.65 to 1.95 m by 1.4 to 1.7 m; the spread of `vehicle` covers them all.
Size usual_size(VehicleClass vehicle_class) {
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
  return {value, value * std::hypot(std::sqrt(1 / (wa + wb)), 0.5 * apart)};
}

}  // namespace

void VehicleState::see_box(const std::optional<double>& score, double t_s) {
  const double since = started_ ? t_s - updated_s_ : kMeasuredMemory_s;
  const double memory = std::exp(-std::max(0.0, since) / kMeasuredMemory_s);
  boxed_score_ = memory * boxed_score_ + (1 - memory) * score.value_or(0);
  if (score) boxed_s_ = t_s;
}

void VehicleState::update(const Track& track, const std::optional<Estimate>& growth,
                          const ViewGeometry& view, double t_s) {
  const double dt = started_ ? std::max(0.0, t_s - updated_s_) : 0;
  updated_s_ = t_s;
  if (started_) {
    growth_.predict(dt);
    bearing_.predict(dt, kBearingAcceleration);
    if (distance_) {
      const double share = distance_->sigma / distance_->value;
      distance_->value *=
          std::exp(std::clamp(-growth_.growth().value * dt, -kMostCarried, kMostCarried));
      distance_->sigma = distance_->value * share;
    }
  }
  vehicle_class_ = track.vehicle_class;
  box_ = track.box;
  const cv::Rect2f& shown = view.shown;
  const float margin = std::max(3.0F, 0.006F * shown.width);
  const bool cut_left = track.box.x <= shown.x + margin;
  const bool cut_right = track.box.x + track.box.width >= shown.x + shown.width - margin;
  at_side_ = cut_left || cut_right;
  if (!track.coasting) {
    const double since = started_ ? t_s - seen_s_ : 1;
    seen_s_ = t_s;
    cut_left_ = cut_left;
    cut_right_ = cut_right;
    cut_bottom_ = track.box.y + track.box.height >= shown.y + shown.height - margin;
    const bool cut_top = track.box.y <= shown.y + margin;

    const double share = growth ? kLooseBoxShare : kMeasuredShare;
    const auto noise = [share](double size) { return std::hypot(kMeasured_px, share * size); };
    if (growth) growth_.measure_growth(growth->value, growth->sigma, since);
    const double memory = std::exp(-std::min(since, 1.0) / kMeasuredMemory_s);
    measured_share_ = memory * measured_share_ + (growth ? 1 - memory : 0);
    const double middle = track.box.x + track.box.width / 2.0;
    const double room = middle < view.vanishing.x ? view.vanishing.x - shown.x
                                                  : shown.x + shown.width - view.vanishing.x;
    out_of_view_share_ =
        std::clamp(std::abs(middle - view.vanishing.x) / std::max(1.0, room), 0.0, 1.0);
    // Boxes of what comes into view end short of the picture's edge.
    const float near_edge = kNearEdgeShare * shown.width;
    const bool at_left = track.box.x <= shown.x + near_edge;
    const bool at_right = track.box.x + track.box.width >= shown.x + shown.width - near_edge;
    if (at_left || at_right) {
      growth_.drop(GrowthFilter::kWidth);
      // What is in the picture of it ends at an edge that runs outwards as it comes closer.
      const double edge = at_left ? track.box.x + track.box.width : track.box.x;
      const double offset = at_left ? view.vanishing.x - edge : edge - view.vanishing.x;
      if (!(at_left && at_right) && offset > 0.05 * shown.width)
        growth_.measure_size(GrowthFilter::kOffset, offset, noise(offset) + 2, since);
      else
        growth_.drop(GrowthFilter::kOffset);
    } else {
      growth_.drop(GrowthFilter::kOffset);
      growth_.measure_size(GrowthFilter::kWidth, track.box.width, noise(track.box.width), since);
    }
    if (cut_bottom_ || cut_top)
      growth_.drop(GrowthFilter::kHeight);
    else
      growth_.measure_size(GrowthFilter::kHeight, track.box.height, noise(track.box.height), since);
    if (!cut_left_ && !cut_right_) {
      const double centre = track.box.x + track.box.width / 2.0;
      const double tangent = (centre - view.vanishing.x) / view.focal_px;
      bearing_.measure(tangent, std::hypot(kBearingShake, 1.5 / view.focal_px));
    }
    measure_distance(track, view);
    if (boxes_.empty() && distance_) first_m_ = distance_->value;
    out_of_view_s_.reset();
    if (const auto time = ttc(); time && out_of_view_share_ > kToTheSide)
      out_of_view_s_ = t_s + (1 - out_of_view_share_) * time->value;
    // Of two pictures that came at once the newer counts, as in ScaleGauge.
    if (!boxes_.empty() && boxes_.back().first == t_s) boxes_.pop_back();
    boxes_.emplace_back(t_s, track.box);
    while (t_s - boxes_.front().first > ScaleGauge::kSpan_s || boxes_.size() > kMostKept)
      boxes_.pop_front();
  }
  started_ = true;
  history_.emplace_back(t_s, growth_.growth());
  while (history_.size() > 2 &&
         (t_s - history_.front().first > kHistory_s || history_.size() > kMostKept))
    history_.pop_front();
}

std::optional<double> VehicleState::camera_height_m() {
  if (height_told_ || heights_ < kHeightPictures) return std::nullopt;
  height_told_ = true;
  return std::exp(height_logs_ / heights_);
}

void VehicleState::measure_distance(const Track& track, const ViewGeometry& view) {
  const bool cut_side = cut_left_ || cut_right_;
  const Size usual = usual_size(track.vehicle_class);
  std::optional<Estimate> sight;
  const auto add = [&sight](const Estimate& more) { sight = sight ? joined(*sight, more) : more; };
  // By its size.
  if (!cut_side && track.box.width >= 6) {
    const double value = view.focal_px * usual.width_m / track.box.width;
    add({value, value * std::hypot(usual.width_share, 2.0 / track.box.width)});
  } else if (!cut_bottom_ && track.box.height >= 6) {
    const double value = view.focal_px * usual.height_m / track.box.height;
    add({value, value * std::hypot(usual.height_share, 2.0 / track.box.height)});
  }
  // By where it stands on the road.
  const double below = track.box.y + track.box.height - view.vanishing.y;
  const double doubt = kHorizonDoubt_px + view.vanishing_sigma_px;
  if (!cut_bottom_ && below > 2 * doubt && view.camera_height_m) {
    const double value = view.focal_px * *view.camera_height_m / below;
    add({value, value * std::hypot(0.15, doubt / below)});
  }
  if (!cut_side && !cut_bottom_ && below > kSurelyBelow * doubt &&
      track.box.width >= kSureWidth_px && track.vehicle_class == VehicleClass::car && named()) {
    height_logs_ += std::log(usual.width_m * below / static_cast<double>(track.box.width));
    ++heights_;
  }
  if (!sight) return;
  if (!distance_) {
    distance_ = sight;
  } else {
    // The errors of size and horizon stay the same from frame to frame: a slow mean, no filter.
    const double gain = 0.1;
    distance_->value *= std::exp(gain * std::log(sight->value / distance_->value));
    distance_->sigma = distance_->value * ((1 - gain) * distance_->sigma / distance_->value +
                                           gain * sight->sigma / sight->value);
  }
  if (!cut_side && bearing_.started()) {
    const double tangent = bearing_.value().value;
    const double share = distance_->sigma / distance_->value;
    lateral_seen_ = Estimate{
        distance_->value * tangent,
        std::hypot(distance_->value * tangent * share, distance_->value * bearing_.value().sigma)};
  }
}

std::optional<Estimate> VehicleState::ttc() const {
  const Estimate g = growth_.growth();
  if (g.value < kHolding_per_s || g.value < 2 * g.sigma) return std::nullopt;
  return Estimate{1 / g.value, g.sigma / (g.value * g.value)};
}

std::optional<double> VehicleState::closing_mps() const {
  const Estimate g = growth_.growth();
  if (!distance_ || g.sigma > 0.1 + 0.5 * std::abs(g.value)) return std::nullopt;
  return g.value * distance_->value;
}

std::optional<Estimate> VehicleState::lateral() const {
  // Not carried on by the bearing's rate: that tells worse where it will be, see side().
  return lateral_seen_;
}

double VehicleState::bearing_rate_deg_per_s() const {
  const double tangent = bearing_.value().value;
  return bearing_.rate().value / (1 + tangent * tangent) * 180 / CV_PI;
}

Side VehicleState::side() const {
  if (cut_left_ && !cut_right_) return Side::left;
  if (cut_right_ && !cut_left_) return Side::right;
  if (!bearing_.started()) return Side::unknown;
  // Where it will be is told worse by its bearing's rate than by where it is: on 19 drawn roads by
  // day, 3 to 8 s before they passed, 10 % were told on the wrong side that way and 1 % this way. A
  // wrong side is worse than none.
  const double across = lateral_seen_ ? lateral_seen_->value : bearing_.value().value;
  if (std::abs(across) < (lateral_seen_ ? kBeside_m : kBesideTangent)) return Side::behind;
  return across < 0 ? Side::left : Side::right;
}

Motion VehicleState::motion() const {
  const Estimate g = growth_.growth();
  if (g.value > kHolding_per_s && g.value > 2 * g.sigma) return Motion::approaching;
  if (g.value < -kHolding_per_s && g.value < -2 * g.sigma) return Motion::receding;
  if (g.sigma < 0.06) return Motion::holding;
  return Motion::unknown;
}

bool VehicleState::growth_gate(const ApproachConfig& config) const {
  const Estimate g = growth_.growth();
  if (g.value < config.growth_z * g.sigma) return false;
  if (distance_ && distance_->value < config.near_m && g.value > kNearGrowth_per_s) return true;
  if (g.value < 1 / config.farthest_ttc_s) return false;
  // Its distance shrinks at a steady pace, its tangent grows as one over it: it leaves the view
  // when the share of the way that is left equals the share of the view that it has crossed.
  const double soon_s =
      named() ? config.alert_ttc_s : std::min(config.alert_ttc_s, config.unnamed_ttc_s);
  return (1 - out_of_view_share_) / g.value < soon_s;
}

bool VehicleState::picture_grows() const {
  // What first shows up beside the rider grows as more of it comes into view.
  return (leaving() && first_m_ > kFromBehind_m) || measured_share_ > kLeastMeasured;
}

bool VehicleState::path_gate(const ApproachConfig& config) const {
  const std::optional<Estimate> across = lateral();
  if (across && std::abs(across->value) - across->sigma > config.widest_pass_m) return false;
  if (!distance_ || !bearing_.started() || leaving()) return true;
  // Its path, carried on to our level, runs clear of us by this much.
  const Estimate g = growth_.growth();
  if (g.value <= 0) return true;
  const double miss = std::abs(bearing_.rate().value) / g.value * distance_->value;
  const double sigma = bearing_.rate().sigma / g.value * distance_->value;
  return miss - 2 * sigma < config.widest_pass_m;
}

std::optional<std::pair<double, cv::Rect2f>> VehicleState::seen_before(double most_s) const {
  for (const auto& [then_s, then] : boxes_) {
    const double ratio = std::sqrt(static_cast<double>(then.area()) / std::max(1.0F, box_.area()));
    if (updated_s_ - then_s <= most_s && ratio > kMostChange && ratio < 1 / kMostChange)
      return std::pair(then_s, then);
  }
  return std::nullopt;
}

bool VehicleState::place_gate() const {
  const auto first = std::find_if(boxes_.begin(), boxes_.end(), [this](const auto& seen) {
    return boxes_.back().first - seen.first <= kPlaceSpan_s;
  });
  if (first == boxes_.end()) return false;
  const auto& [then_s, then] = *first;
  const auto& [now_s, now] = boxes_.back();
  if (now_s - then_s < 0.7 * kPlaceSpan_s) return false;
  const double grown = growth_.growth().value * (now_s - then_s);
  const auto off = [grown](double before, double after) {
    return std::abs(std::log(after / std::max(1.0, before)) - grown);
  };
  const bool side = cut_left_ || cut_right_;
  if (!leaving() && !boxes_grow()) return false;
  return (side || off(then.width, now.width) < kPlaceSlack) &&
         (cut_bottom_ || off(then.height, now.height) < kPlaceSlack);
}

bool VehicleState::boxes_grow() const {
  if (boxes_.back().first - boxes_.front().first < kSlopeSpan_s) return true;
  double mean_s = 0;
  for (const auto& seen : boxes_) mean_s += seen.first / static_cast<double>(boxes_.size());
  double over = 0;  // the regression's slope: over / under
  double under = 0;
  for (const auto& [t_s, box] : boxes_) {
    over += (t_s - mean_s) * std::log(std::max(1.0F, box.area())) / 2;
    under += (t_s - mean_s) * (t_s - mean_s);
  }
  return over > kLeastSlope * growth_.growth().value * under;
}

bool VehicleState::fast(const ApproachConfig& config) const {
  const std::optional<Estimate> time = ttc();
  const std::optional<double> closing = closing_mps();
  return time && closing && time->value<config.fast_ttc_s&& * closing> config.fast_closing_mps;
}

bool VehicleState::released(const ApproachConfig& config) const {
  return growth_.growth().value < config.release_share / config.farthest_ttc_s;
}

std::optional<Trend> VehicleState::trend() const {
  // At constant closing speed 1 / growth falls by one second a second; Lee's tau-dot.
  const Estimate now = growth_.growth();
  if (history_.empty() || now.value < kHolding_per_s || now.value < 3 * now.sigma)
    return std::nullopt;
  for (const auto& [t_s, then] : history_) {
    const double span = updated_s_ - t_s;
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

void VehicleState::describe(Track& track) const {
  track.threat = threat_;
  track.motion = Motion::unknown;
  if (threat_ > 0 || !hidden_) {
    track.motion = motion();
    track.closing_mps = closing_mps();
    track.trend = trend();
    if (const auto time = ttc()) {
      track.ttc_s = time->value;
      track.ttc_sigma_s = time->sigma;
    }
  }
  if (distance_) track.distance_m = distance_->value;
  track.side = side();
  if (const auto across = lateral(); across && across->sigma < 3)
    track.lateral_m = track.side == Side::left ? -across->value : across->value;
}

}  // namespace rearview
