#include "evaluate/clip_scorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

const cv::Size kPicture(640, 360);
const cv::Rect2f kBox(100, 100, 50, 40);

/// Stands still, so that what overlaps is plain.
TruthTrack standing(const cv::Rect2f& box, double from_s, double to_s) {
  return TruthTrack({{from_s, box, std::nullopt}, {to_s, box, std::nullopt}});
}

TruthEvent event(const char* id, double visible_s, double pass_s, const cv::Rect2f& box = kBox) {
  TruthEvent e;
  e.id = id;
  e.side = "left";
  e.t_visible_s = visible_s;
  e.t_pass_s = pass_s;
  e.track = standing(box, visible_s, pass_s);
  return e;
}

TruthOther other(const char* kind, double from_s, double to_s, const cv::Rect2f& box = kBox) {
  return {
      .id = "o", .kind = kind, .t0_s = from_s, .t1_s = to_s, .track = standing(box, from_s, to_s)};
}

Alert alert(AlertKind kind = AlertKind::vehicle_approaching, const cv::Rect2f& box = kBox,
            int track_id = 7) {
  Alert a;
  a.kind = kind;
  const AlertVehicle vehicle{.track_id = track_id, .box = box};
  if (kind == AlertKind::overtake || kind == AlertKind::close_pass)
    a.about = AlertPass{vehicle, 8.1};
  else
    a.about = AlertApproach{vehicle};
  return a;
}

/// Ten seconds at 10 fps, with alerts at given times.
ClipScore scored(const Truth& truth, const std::vector<std::pair<double, Alert>>& alerts,
                 const std::vector<Track>& tracks = {}) {
  ClipScorer scorer(truth);
  for (int i = 0; i < 100; ++i) {
    Analysis analysis;
    analysis.t_s = i / 10.0;
    analysis.tracks = tracks;
    for (auto [t, a] : alerts) {
      if (std::abs(t - analysis.t_s) > 0.01) continue;
      a.t_s = analysis.t_s;
      analysis.alerts.push_back(a);
    }
    scorer.add(analysis, kPicture);
  }
  return scorer.score();
}

Truth truth_with(std::vector<TruthEvent> events, std::vector<TruthOther> others = {}) {
  Truth truth;
  truth.fps = 10;
  truth.events = std::move(events);
  truth.others = std::move(others);
  return truth;
}

TEST(ClipScorer, AnAlertInTimeAndPlaceFindsTheEvent) {
  const ClipScore score = scored(truth_with({event("1", 2, 8.4)}), {{5.0, alert()}});
  EXPECT_EQ(score.events[0].alert_t_s, 5.0);
  EXPECT_NEAR(*score.events[0].lead_s, 3.4, 1e-9);
  EXPECT_TRUE(score.wrong.empty());
  EXPECT_NEAR(score.scored_s, 10, 1e-9);
}

TEST(ClipScorer, NoAlertIsAMiss) {
  const ClipScore score = scored(truth_with({event("1", 2, 8.4)}), {});
  EXPECT_FALSE(score.events[0].lead_s);
}

TEST(ClipScorer, FirstAndLastMomentCount) {
  EXPECT_TRUE(scored(truth_with({event("1", 2, 8.4)}), {{2.0, alert()}}).events[0].lead_s);
  EXPECT_TRUE(scored(truth_with({event("1", 2, 8.4)}), {{8.4, alert()}}).events[0].lead_s);
}

TEST(ClipScorer, TooEarlyOrTooLateIsFalse) {
  for (const double t : {1.9, 8.5}) {
    const ClipScore score = scored(truth_with({event("1", 2, 8.4)}), {{t, alert()}});
    EXPECT_FALSE(score.events[0].lead_s) << t;
    ASSERT_EQ(score.wrong.size(), 1U) << t;
    EXPECT_EQ(score.wrong[0].on, t < 2 ? "event 1, too early" : "event 1, too late");
  }
}

TEST(ClipScorer, AnAlertElsewhereIsFalse) {
  // IoU 30/70 = 0.43 finds, 20/80 = 0.25 does not.
  cv::Rect2f near = kBox;
  near.x += 20;
  EXPECT_TRUE(scored(truth_with({event("1", 2, 8)}), {{5.0, alert({}, near)}}).events[0].lead_s);
  cv::Rect2f far = kBox;
  far.x += 30;
  const ClipScore score = scored(truth_with({event("1", 2, 8)}), {{5.0, alert({}, far)}});
  EXPECT_FALSE(score.events[0].lead_s);
  EXPECT_EQ(score.wrong.size(), 1U);
}

TEST(ClipScorer, WithoutATrackTheTimeIsEnough) {
  TruthEvent e = event("1", 2, 8);
  e.track = TruthTrack();
  const ClipScore score = scored(truth_with({e}), {{5.0, alert({}, cv::Rect2f(500, 0, 10, 10))}});
  EXPECT_TRUE(score.events[0].lead_s);
}

TEST(ClipScorer, FurtherAlertsAreRepeatsAndAFastApproachEscalates) {
  const ClipScore score =
      scored(truth_with({event("1", 2, 8)}),
             {{3.0, alert()}, {4.0, alert(AlertKind::fast_approach)}, {5.0, alert()}});
  EXPECT_EQ(score.events[0].alert_t_s, 3.0);
  EXPECT_EQ(score.events[0].repeats, 2);
  EXPECT_TRUE(score.events[0].escalated);
  EXPECT_TRUE(score.wrong.empty());
}

TEST(ClipScorer, AFastApproachAlsoFinds) {
  const ClipScore score =
      scored(truth_with({event("1", 2, 8)}), {{3.0, alert(AlertKind::fast_approach)}});
  EXPECT_TRUE(score.events[0].lead_s);
  EXPECT_FALSE(score.events[0].escalated);
}

TEST(ClipScorer, OneAlertFindsOneEventThatItOverlapsBest) {
  cv::Rect2f beside = kBox;
  beside.x += 15;
  const ClipScore score =
      scored(truth_with({event("1", 2, 8, beside), event("2", 2, 8)}), {{3.0, alert()}});
  EXPECT_FALSE(score.events[0].lead_s);
  EXPECT_TRUE(score.events[1].lead_s);
}

TEST(ClipScorer, OtherKindsOfAlertAreNeitherRightNorWrong) {
  const ClipScore score =
      scored(truth_with({event("1", 2, 8)}), {{3.0, alert(AlertKind::all_clear)},
                                              {3.0, alert(AlertKind::view_blocked)},
                                              {3.0, alert(AlertKind::camera_lost)}});
  EXPECT_FALSE(score.events[0].lead_s);
  EXPECT_TRUE(score.wrong.empty());
  EXPECT_EQ(score.alerts.at(AlertKind::all_clear), 1U);
}

TEST(ClipScorer, AnAlertOnOneThatClosesInIsSoft) {
  for (const char* kind :
       {"closing, no pass", "alongside", "passing at clip start", "other carriageway, passes"}) {
    const ClipScore score = scored(truth_with({}, {other(kind, 2, 8)}), {{5.0, alert()}});
    EXPECT_EQ(score.soft.size(), 1U) << kind;
    EXPECT_TRUE(score.wrong.empty()) << kind;
    EXPECT_EQ(score.others.at(kind).alerted, 1U);
  }
}

TEST(ClipScorer, AnAlertOnOneThatDoesNotIsFalse) {
  for (const char* kind :
       {"parked", "static object", "receding", "same speed", "oncoming carriageway", "own car"}) {
    const ClipScore score =
        scored(truth_with({}, {other(kind, 2, 8), other(kind, 2, 8, {0, 0, 9, 9})}),
               {{5.0, alert()}, {6.0, alert()}});
    ASSERT_EQ(score.wrong.size(), 2U) << kind;
    EXPECT_EQ(score.wrong[0].on, kind);
    EXPECT_TRUE(score.soft.empty()) << kind;
    EXPECT_EQ(score.others.at(kind).vehicles, 2U);
    EXPECT_EQ(score.others.at(kind).alerted, 1U);
  }
}

TEST(ClipScorer, ASoftVehicleExcusesNoAlertOutsideItsTimeOrPlace) {
  const auto truth = truth_with({}, {other("alongside", 2, 4)});
  EXPECT_EQ(scored(truth, {{5.0, alert()}}).wrong.size(), 1U);
  EXPECT_EQ(scored(truth, {{3.0, alert({}, cv::Rect2f(400, 100, 50, 40))}}).wrong.size(), 1U);
}

TEST(ClipScorer, TheEventComesBeforeTheOthers) {
  const ClipScore score =
      scored(truth_with({event("1", 2, 8)}, {other("parked", 2, 8)}), {{5.0, alert()}});
  EXPECT_TRUE(score.events[0].lead_s);
  EXPECT_TRUE(score.wrong.empty());
}

TEST(ClipScorer, IgnoredTimeCountsNeitherAlertsNorHours) {
  Truth truth = truth_with({}, {});
  truth.ignore = {{4, 6}};
  const ClipScore score = scored(truth, {{3.0, alert()}, {5.0, alert()}});
  EXPECT_EQ(score.wrong.size(), 1U);
  EXPECT_NEAR(score.scored_s, 10 - 2.1, 1e-9);  // 21 frames from 4.0 to 6.0
}

TEST(ClipScorer, FollowsTheEventsTracks) {
  Track on;
  on.id = 7;
  on.box = kBox;
  Track off;
  off.id = 8;
  off.box = cv::Rect2f(400, 0, 50, 40);
  const ClipScore score = scored(truth_with({event("1", 2, 8)}), {}, {off, on});
  EXPECT_EQ(score.events[0].frames_visible, 61U);
  EXPECT_EQ(score.events[0].frames_tracked, 61U);
  EXPECT_EQ(score.events[0].track_ids, std::set<int>{7});
  EXPECT_TRUE(score.estimates.empty()) << "it stands still: no time to contact is true";
}

TEST(ClipScorer, ComparesEstimatesWithTheTruthOfTheMoment) {
  std::vector<TruthSample> samples;
  for (int i = 20; i <= 80; ++i) samples.push_back({i / 10.0, kBox, 50 - 0.6 * i});
  TruthEvent e = event("1", 2, 8);
  e.track = TruthTrack(samples);
  Track track;
  track.id = 7;
  track.box = kBox;
  track.ttc_s = 4;
  track.distance_m = 20;
  const ClipScore score = scored(truth_with({e}), {}, {track});
  ASSERT_EQ(score.estimates.size(), 61U);
  const Estimate& at_5s = score.estimates[30];
  EXPECT_NEAR(at_5s.true_ttc_s, 20.0 / 6, 1e-6);
  EXPECT_NEAR(*at_5s.true_distance_m, 20, 1e-6);
  EXPECT_NEAR(*at_5s.true_closing_mps, 6, 1e-6);
  EXPECT_EQ(at_5s.ttc_s, 4);
  EXPECT_FALSE(at_5s.closing_mps);
}

TEST(ClipScorer, APassBelongsToTheEventWhoseTrackItNames) {
  Alert pass = alert(AlertKind::overtake, cv::Rect2f(0, 0, 5, 5), 7);
  std::get<AlertPass>(pass.about).side = Side::left;
  const Alert stray = alert(AlertKind::overtake, cv::Rect2f(0, 0, 5, 5), 9);
  const ClipScore score =
      scored(truth_with({event("1", 2, 8)}), {{3.0, alert()}, {8.3, pass}, {8.5, stray}});
  EXPECT_EQ(score.events[0].reported_pass_s, 8.1);
  EXPECT_EQ(score.events[0].reported_side, Side::left);
  EXPECT_EQ(score.stray_passes, 1U);
  EXPECT_TRUE(score.wrong.empty());
}

TEST(ClipScorer, CountsFramesInWhichNobodyLooked) {
  ClipScorer scorer(truth_with({}));
  Analysis analysis;
  analysis.state = AnalysisState::failed;
  analysis.road = Road::blind;
  scorer.add(analysis, kPicture);
  EXPECT_EQ(scorer.score().frames_failed, 1U);
  EXPECT_EQ(scorer.score().frames_blind, 1U);
}

/// What a track in kBox claims, at 2 and 3 s and so on twice a second.
Track claiming(double probability) {
  Track track;
  track.id = 7;
  track.box = kBox;
  track.probability = probability;
  return track;
}

TEST(ClipScorer, ClaimsComeTrueOnVehiclesThatPass) {
  // In sight from 2 to 8.4 s.
  const ClipScore score = scored(truth_with({event("1", 2, 8.4)}), {}, {claiming(0.7)});
  ASSERT_EQ(score.claims.size(), 20U) << "twice a second";
  const auto came_true = std::count_if(score.claims.begin(), score.claims.end(),
                                       [](const Claim& claim) { return claim.came_true; });
  EXPECT_EQ(came_true, 13);
  EXPECT_EQ(score.claims[0].probability, 0.7);
}

TEST(ClipScorer, ClaimsOnVehiclesThatPassMuchLaterAreWrong) {
  const ClipScore score = scored(truth_with({event("1", 0, 13)}), {}, {claiming(0.7)});
  ASSERT_EQ(score.claims.size(), 20U);
  EXPECT_FALSE(score.claims[5].came_true) << "10.5 s before";
  EXPECT_TRUE(score.claims[6].came_true) << "10 s before";
}

TEST(ClipScorer, ClaimsOnSoftVehiclesAreNotCompared) {
  EXPECT_TRUE(scored(truth_with({}, {other("closing, no pass", 0, 10)}), {}, {claiming(0.7)})
                  .claims.empty());
  EXPECT_EQ(scored(truth_with({}, {other("parked", 0, 10)}), {}, {claiming(0.7)}).claims.size(),
            20U);
}

TEST(ClipScorer, WithoutATrackNoClaimIsCompared) {
  TruthEvent e = event("1", 2, 8);
  e.track = TruthTrack();
  EXPECT_TRUE(scored(truth_with({e}), {}, {claiming(0.7)}).claims.empty());
}

TEST(ClipScorer, AlertsClaimToo) {
  Alert sure = alert();
  std::get<AlertApproach>(sure.about).probability = 0.9;
  const ClipScore score = scored(truth_with({event("1", 2, 8.4)}), {{1.0, sure}, {5.0, sure}});
  ASSERT_EQ(score.alert_claims.size(), 2U);
  EXPECT_FALSE(score.alert_claims[0].came_true);
  EXPECT_TRUE(score.alert_claims[1].came_true);
}

}  // namespace
}  // namespace rearview
