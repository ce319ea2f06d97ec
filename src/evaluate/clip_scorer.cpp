#include "evaluate/clip_scorer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace rearview {
namespace {

constexpr float kLeastIou = 0.3F;
// Truth times are rounded to a hundredth or better of a frame's time.
constexpr double kRounding_s = 0.005;
constexpr double kLatestPassAlert_s = 3;  // after the pass
// `farthest_ttc_s` of the stage `approach`, by default.
constexpr double kClaim_s = 10;
constexpr double kClaimEvery_s = 0.5;

bool within(double t_s, double from_s, double to_s) {
  return t_s >= from_s - kRounding_s && t_s <= to_s + kRounding_s;
}

}  // namespace

ClipScorer::ClipScorer(Truth truth) : truth_(std::move(truth)) {
  score_.truth = truth_.file.string();
  score_.input = truth_.input.string();
  for (const TruthEvent& event : truth_.events) {
    score_.events.emplace_back();
    score_.events.back().event = event;
  }
  for (const TruthOther& other : truth_.others) ++score_.others[other.kind].vehicles;
}

void ClipScorer::add(const Analysis& analysis, cv::Size picture) {
  ++score_.frames;
  if (analysis.state == AnalysisState::failed) ++score_.frames_failed;
  if (analysis.state == AnalysisState::degraded) ++score_.frames_degraded;
  if (analysis.road == Road::blind) ++score_.frames_blind;
  if (!truth_.ignored(analysis.t_s))
    score_.scored_s += last_t_s_ ? analysis.t_s - *last_t_s_ : 1 / truth_.fps;
  last_t_s_ = analysis.t_s;

  follow(analysis, picture);
  compare_claims(analysis);
  for (const Alert& alert : analysis.alerts) {
    ++score_.alerts[alert.kind];
    if (alert.kind == AlertKind::vehicle_approaching || alert.kind == AlertKind::fast_approach)
      judge_approach(alert);
    if (alert.kind == AlertKind::overtake || alert.kind == AlertKind::close_pass) judge_pass(alert);
  }
}

void ClipScorer::follow(const Analysis& analysis, cv::Size picture) {
  for (EventScore& score : score_.events) {
    const TruthEvent& event = score.event;
    if (event.track.empty() || !within(analysis.t_s, event.t_visible_s, event.t_pass_s)) continue;
    ++score.frames_visible;
    const cv::Rect2f box = event.track.box_at(analysis.t_s);
    const Track* best = nullptr;
    float best_iou = kLeastIou;
    for (const Track& track : analysis.tracks) {
      const float iou = overlap(track.box, box);
      if (iou < best_iou) continue;
      best = &track;
      best_iou = iou;
    }
    if (!best) continue;
    ++score.frames_tracked;
    score.track_ids.insert(best->id);
    const auto closing = event.track.closing_at(analysis.t_s, picture);
    if (!closing) continue;
    score_.estimates.push_back({.true_ttc_s = closing->ttc_s,
                                .true_distance_m = event.track.distance_at(analysis.t_s),
                                .true_closing_mps = closing->closing_mps,
                                .ttc_s = best->ttc_s,
                                .distance_m = best->distance_m,
                                .closing_mps = best->closing_mps});
  }
}

void ClipScorer::compare_claims(const Analysis& analysis) {
  if (truth_.ignored(analysis.t_s)) return;
  const auto compare = [&](std::optional<double> probability, const cv::Rect2f& box,
                           std::vector<Claim>& claims) {
    if (!probability) return;
    if (const auto came_true = comes(box, analysis.t_s))
      claims.push_back({*probability, *came_true});
  };
  for (const Alert& alert : analysis.alerts) {
    if (const auto* approach = std::get_if<AlertApproach>(&alert.about))
      compare(approach->probability, approach->box, score_.alert_claims);
  }
  if (claims_t_s_ && analysis.t_s - *claims_t_s_ < kClaimEvery_s) return;
  claims_t_s_ = analysis.t_s;
  for (const Track& track : analysis.tracks) {
    if (!track.coasting) compare(track.probability, track.box, score_.claims);
  }
}

/// Null where the truth doesn't say.
std::optional<bool> ClipScorer::comes(const cv::Rect2f& box, double t_s) const {
  std::optional<bool> found = false;
  float best = kLeastIou;
  for (const TruthEvent& event : truth_.events) {
    if (event.track.empty()) return std::nullopt;
    if (!within(t_s, event.t_visible_s, event.t_pass_s)) continue;
    const float iou = overlap(box, event.track.box_at(t_s));
    if (iou < best) continue;
    best = iou;
    found = event.t_pass_s - t_s <= kClaim_s;
  }
  for (const TruthOther& other : truth_.others) {
    if (!other.soft() || other.track.empty() || !within(t_s, other.t0_s, other.t1_s)) continue;
    const float iou = overlap(box, other.track.box_at(t_s));
    if (iou < best) continue;
    best = iou;
    found.reset();
  }
  return found;
}

void ClipScorer::judge_approach(const Alert& alert) {
  const AlertVehicle* named = alert.vehicle();
  const AlertVehicle vehicle = named ? *named : AlertVehicle();
  EventScore* found = nullptr;
  float best = 0;
  for (EventScore& score : score_.events) {
    const TruthEvent& event = score.event;
    if (!within(alert.t_s, event.t_visible_s, event.t_pass_s)) continue;
    // Without a track only the time can tell; anything seen to overlap comes first.
    const float iou =
        event.track.empty() ? kLeastIou : overlap(vehicle.box, event.track.box_at(alert.t_s));
    if (iou < kLeastIou || (found && iou <= best)) continue;
    found = &score;
    best = iou;
  }
  if (found) {
    if (!found->alert_t_s) {
      found->alert_t_s = alert.t_s;
      if (found->event.pass_timed) found->lead_s = found->event.t_pass_s - alert.t_s;
      found->alert_kind = alert.kind;
      found->alert_side = vehicle.side;
    } else {
      ++found->repeats;
      if (alert.kind == AlertKind::fast_approach && found->alert_kind != alert.kind)
        found->escalated = true;
    }
    if (named) found->track_ids.insert(named->track_id);
    return;
  }

  StrayAlert stray{alert.t_s, alert.kind, {}, vehicle.box, ""};
  if (named) stray.track_id = named->track_id;
  const TruthOther* on = nullptr;
  best = 0;
  for (std::size_t i = 0; i < truth_.others.size(); ++i) {
    const TruthOther& other = truth_.others[i];
    if (other.track.empty() || !within(alert.t_s, other.t0_s, other.t1_s)) continue;
    const float iou = overlap(vehicle.box, other.track.box_at(alert.t_s));
    if (iou < kLeastIou || iou <= best) continue;
    on = &other;
    best = iou;
  }
  if (on) {
    stray.on = on->kind;
    if (alerted_others_.insert(static_cast<std::size_t>(on - truth_.others.data())).second)
      ++score_.others[on->kind].alerted;
  } else {
    for (const EventScore& score : score_.events) {
      const TruthEvent& event = score.event;
      if (!event.track.empty() && overlap(vehicle.box, event.track.box_at(alert.t_s)) >= kLeastIou)
        stray.on = fmt::format("event {}, too {}", event.id,
                               alert.t_s < event.t_visible_s ? "early" : "late");
    }
  }
  if (truth_.ignored(alert.t_s)) return;
  (on && on->soft() ? score_.soft : score_.wrong).push_back(std::move(stray));
}

void ClipScorer::judge_pass(const Alert& alert) {
  const auto* pass = std::get_if<AlertPass>(&alert.about);
  for (EventScore& score : score_.events) {
    if (score.reported_pass_s || !pass || !score.track_ids.contains(pass->track_id) ||
        !within(alert.t_s, score.event.t_visible_s, score.event.t_pass_s + kLatestPassAlert_s))
      continue;
    score.reported_pass_s = pass->pass_t_s;
    score.reported_side = pass->side;
    score.reported_lateral_m = pass->lateral_m;
    return;
  }
  if (!truth_.ignored(alert.t_s)) ++score_.stray_passes;
}

}  // namespace rearview
