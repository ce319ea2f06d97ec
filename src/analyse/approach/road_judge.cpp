#include "analyse/approach/road_judge.h"

#include <algorithm>

#include "analyse/approach/gates.h"

namespace rearview {

void RoadJudge::reset() {
  quiet_since_s_.reset();
  looked_since_s_.reset();
  looked_at_s_.reset();
}

void RoadJudge::judge(int gravest, bool followed, Analysis& analysis) {
  warned_ = warned_ ||
            std::any_of(analysis.alerts.begin(), analysis.alerts.end(), [](const Alert& alert) {
              return alert.kind == AlertKind::vehicle_approaching ||
                     alert.kind == AlertKind::fast_approach;
            });
  const Road threatened = gravest == 2 ? Road::danger : Road::approaching;
  if (analysis.road == Road::blind) {
    reset();
    if (gravest == 0) return;
    // What is seen coming is told, however little the picture shows beside.
    analysis.state = AnalysisState::degraded;
    analysis.road = threatened;
    return;
  }
  // Whoever came meanwhile was seen by nobody.
  if (looked_at_s_ && analysis.t_s - *looked_at_s_ > approach_tuning::kLongestBreak_s) reset();
  looked_at_s_ = analysis.t_s;
  if (!looked_since_s_) {
    looked_since_s_ = analysis.t_s;
    looks_ = 0;
  }
  // What is there is told at once; that nothing is, only when it would have been found.
  const bool would_be_known = ++looks_ > policy_.confirm_frames &&
                              analysis.t_s - *looked_since_s_ >= slowest_confirmation_s(policy_);
  if (gravest > 0 || followed)
    quiet_since_s_.reset();
  else if (warned_ && would_be_known)
    take_back_warning(analysis);
  if (gravest > 0)
    analysis.road = threatened;
  else if (!analysis.tracks.empty())
    analysis.road = Road::following;
  else if (would_be_known)
    analysis.road = warned_ ? Road::following : Road::clear;
}

void RoadJudge::take_back_warning(Analysis& analysis) {
  if (!quiet_since_s_) quiet_since_s_ = analysis.t_s;
  if (analysis.t_s - *quiet_since_s_ < policy_.all_clear_s) return;
  Alert clear;
  clear.kind = AlertKind::all_clear;
  clear.level = AlertLevel::info;
  analysis.alerts.push_back(clear);
  warned_ = false;
  quiet_since_s_.reset();
}

}  // namespace rearview
