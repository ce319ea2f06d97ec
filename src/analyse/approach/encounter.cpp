#include "analyse/approach/encounter.h"

#include <cmath>

namespace rearview {

using namespace approach_tuning;

int Encounter::threat() const {
  if (state_ == State::fast) return 2;
  return state_ == State::approaching ? 1 : 0;
}

void Encounter::follow(const VehicleEstimate& estimate, const Verdict& verdict, bool coasting,
                       const Told& told, const ApproachConfig& policy, std::vector<Alert>& alerts) {
  // It isn't past after all, or another one goes on with its track: what it does now is told anew.
  if (state_ == State::passed && seen_again(estimate, coasting)) come_back();
  if (state_ == State::passed) return;
  if (state_ == State::unseen || state_ == State::lost) state_ = State::seen;
  if (told.as) told_as_until_s_ = estimate.t_s;
  // Two vehicles after all: the other one's alert was none of this one, which is judged anew.
  if (told_as_ && estimate.t_s - told_as_until_s_ > kOnePass_s) come_back();
  judge(verdict, coasting, estimate.t_s, policy);
  if (threat() == 0) return;
  if (!announced()) {
    announced_ = Announced::approaching;
    told_as_ = told.as;
    if (!told.as)
      alerts.push_back(
          warning(estimate, verdict.claim, AlertKind::vehicle_approaching, AlertLevel::warning));
  }
  if (state_ == State::approaching && !coasting && verdict.fast) state_ = State::fast;
  if (state_ == State::fast && !announced_fast() && !told.fast) {
    announced_ = Announced::fast;
    alerts.push_back(
        warning(estimate, verdict.claim, AlertKind::fast_approach, AlertLevel::danger));
  }
}

void Encounter::judge(const Verdict& verdict, bool coasting, double t_s,
                      const ApproachConfig& policy) {
  hidden_ = verdict.hidden;
  if (!coasting) {
    if (verdict.through && through_frames_++ == 0) through_since_s_ = t_s;
    if (!verdict.through) through_frames_ = 0;
  }
  const bool confirmed =
      through_frames_ >= policy.confirm_frames && t_s - through_since_s_ >= verdict.confirmation_s;
  if (confirmed && verdict.in_place && state_ == State::seen) {
    state_ = State::approaching;
    if (quiet_since_s_ && t_s - *quiet_since_s_ >= policy.all_clear_s) forget_alerts();
    quiet_since_s_.reset();
  }
  if (threat() == 0) return;
  if (!verdict.released)
    weak_since_s_.reset();
  else if (!weak_since_s_)
    weak_since_s_ = t_s;
  else if (t_s - *weak_since_s_ >= policy.release_s) {
    state_ = State::seen;
    quiet_since_s_ = t_s;
  }
}

void Encounter::lose() {
  if (state_ != State::passed) state_ = State::lost;
}

std::optional<double> Encounter::left_s(const VehicleEstimate& estimate, double t_s) const {
  if (!announced() || state_ == State::passed || estimate.motion == Motion::receding)
    return std::nullopt;
  const std::optional<double> out_s = estimate.leaving() ? estimate.seen_s : estimate.out_of_view_s;
  if (!out_s || t_s - *out_s <= kPassedAfter_s) return std::nullopt;
  return out_s;
}

void Encounter::pass(const VehicleEstimate& estimate, double out_s, bool already_told,
                     const ApproachConfig& policy, std::vector<Alert>& alerts) {
  state_ = State::passed;
  passed_s_ = out_s;
  left_unseen_ = !estimate.leaving();
  whole_since_s_.reset();
  if (already_told) return;
  const bool close = passed_close(estimate, policy);
  Alert passed;
  passed.kind = close ? AlertKind::close_pass : AlertKind::overtake;
  passed.level = close ? AlertLevel::warning : AlertLevel::info;
  passed.about = AlertPass{vehicle(estimate), out_s};
  alerts.push_back(passed);
}

bool Encounter::passed_with(int told_as, double out_s) const {
  return state_ == State::passed && this->told_as() == told_as &&
         std::abs(out_s - passed_s_) < kOnePass_s;
}

bool Encounter::seen_again(const VehicleEstimate& estimate, bool coasting) {
  if (coasting) return false;
  if (estimate.leaving()) {
    whole_since_s_.reset();
    return false;
  }
  if (!whole_since_s_) whole_since_s_ = estimate.t_s;
  return left_unseen_ || estimate.t_s - *whole_since_s_ > kWholeAgain_s;
}

void Encounter::come_back() {
  state_ = State::seen;
  forget_alerts();
  quiet_since_s_.reset();
  through_frames_ = 0;
}

void Encounter::forget_alerts() {
  announced_ = Announced::no;
  told_as_.reset();
}

AlertVehicle Encounter::vehicle(const VehicleEstimate& estimate) const {
  AlertVehicle told;
  told.track_id = id_;
  told.vehicle_class = estimate.vehicle_class;
  told.box = estimate.box;
  if (estimate.distance_m) told.distance_m = estimate.distance_m->value;
  if (estimate.closing_mps) told.closing_mps = estimate.closing_mps->value;
  told.side = estimate.side;
  told.lateral_m = told_lateral_m(estimate);
  return told;
}

Alert Encounter::warning(const VehicleEstimate& estimate, const Claim& claim, AlertKind kind,
                         AlertLevel level) const {
  AlertApproach about{vehicle(estimate)};
  about.probability = claim.probability;
  about.rival = claim.rival;
  if (estimate.ttc_s) about.ttc_s = estimate.ttc_s->value;
  about.reason =
      AlertReason{estimate.growth.value, estimate.bearing_rate_deg_per_s(), through_frames_};
  Alert alert;
  alert.kind = kind;
  alert.level = level;
  alert.about = about;
  return alert;
}

}  // namespace rearview
