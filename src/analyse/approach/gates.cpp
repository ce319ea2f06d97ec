#include "analyse/approach/gates.h"

#include <algorithm>
#include <cmath>

#include "analyse/common/boxes.h"

namespace rearview {

using namespace approach_tuning;

bool growth_gate(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  const Estimate& growth = estimate.growth;
  if (growth.value < policy.growth_z * growth.sigma) return false;
  if (estimate.distance_m && estimate.distance_m->value < policy.near_m &&
      growth.value > kNearGrowth_per_s)
    return true;
  if (growth.value < 1 / policy.farthest_ttc_s) return false;
  // Its distance shrinks at a steady pace, its tangent grows as one over it: it leaves the view
  // when the share of the way that is left equals the share of the view that it has crossed.
  const double soon_s =
      estimate.known() ? policy.alert_ttc_s : std::min(policy.alert_ttc_s, policy.unnamed_ttc_s);
  return (1 - estimate.way_out) / growth.value < soon_s;
}

bool claim_gate(const VehicleEstimate& estimate, const Claim& claim, const ApproachConfig& policy) {
  const bool near = estimate.distance_m && estimate.distance_m->value < policy.near_m;
  return (near ? claim.closes_in : claim.probability) >= policy.warn_probability;
}

bool place_gate(const VehicleEstimate& estimate) {
  if (!estimate.boxes || estimate.boxes->span_s < kPlaceSpanShare * kPlaceSpan_s) return false;
  const BoxChange& boxes = *estimate.boxes;
  if (!estimate.leaving() && boxes.slope_per_s &&
      *boxes.slope_per_s <= kLeastSlope * estimate.growth.value)
    return false;
  const double grown = estimate.growth.value * boxes.span_s;
  const bool cut_side = estimate.cut_left || estimate.cut_right;
  return (cut_side || std::abs(boxes.width - grown) < kPlaceSlack) &&
         (estimate.cut_bottom || std::abs(boxes.height - grown) < kPlaceSlack);
}

double confirmation_s(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  // What reaches the picture's edge can't be measured there; but what first shows up beside the
  // rider grows as more of it comes into view.
  const bool picture_grows = (estimate.leaving() && estimate.first_m > kFromBehind_m) ||
                             estimate.measured_share > kLeastMeasured;
  const double named_s = picture_grows ? policy.confirm_s : policy.confirm_boxes_s;
  return estimate.known() ? named_s : std::max(named_s, policy.confirm_unnamed_s);
}

double slowest_confirmation_s(const ApproachConfig& policy) {
  return std::max({policy.confirm_s, policy.confirm_boxes_s, policy.confirm_unnamed_s});
}

bool comes_fast(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  return estimate.ttc_s && estimate.closing_mps && estimate.ttc_s->value < policy.fast_ttc_s &&
         estimate.closing_mps->value > policy.fast_closing_mps;
}

bool released(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  return estimate.growth.value < policy.release_share / policy.farthest_ttc_s;
}

bool stays_behind(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  return estimate.known() && estimate.motion != Motion::receding && estimate.distance_m &&
         estimate.distance_m->value < policy.clear_m;
}

bool passed_close(const VehicleEstimate& estimate, const ApproachConfig& policy) {
  const std::optional<Estimate>& across = estimate.lateral_m;
  return across && across->sigma < kClosePassSigma_m &&
         std::abs(across->value) < policy.close_pass_m;
}

bool explains(const VehicleEstimate& known, const VehicleEstimate& other,
              const ApproachConfig& policy) {
  return known.known() && other.t_s - known.seen_s < kExplains_s &&
         known.motion == Motion::approaching && known.growth.value > 1 / policy.farthest_ttc_s;
}

bool hides(const VehicleEstimate& nearer, const VehicleEstimate& farther) {
  return nearer.known() && nearer.box.area() > farther.box.area() &&
         farther.t_s - nearer.seen_s < kExplains_s && nearer.box.br().y > farther.box.br().y &&
         (farther.box & nearer.box).area() > kHidden * farther.box.area();
}

bool share_a_box(const VehicleEstimate& one, const VehicleEstimate& other) {
  return one.t_s - other.seen_s < kSameBoxLasts_s && cover(one.box, other.box) > kSameBox;
}

bool follows(const VehicleEstimate& one, const VehicleEstimate& other) {
  return one.distance_m && other.distance_m &&
         one.distance_m->value > other.distance_m->value + kVehicleLength_m;
}

Verdict verdict(const VehicleEstimate& estimate, const Claim& claim, double track_score,
                bool hidden, bool explained, const ApproachConfig& policy) {
  const bool in_plain_sight =
      track_score >= policy.least_score &&
      std::max(estimate.box.width, estimate.box.height) >= policy.least_side_px && !hidden;
  return {.hidden = hidden,
          .through = in_plain_sight && growth_gate(estimate, policy) &&
                     claim_gate(estimate, claim, policy) && (estimate.known() || !explained),
          .in_place = place_gate(estimate),
          .confirmation_s = confirmation_s(estimate, policy),
          .fast = comes_fast(estimate, policy),
          .released = released(estimate, policy),
          .claim = claim};
}

}  // namespace rearview
