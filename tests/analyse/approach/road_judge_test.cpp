#include "analyse/approach/road_judge.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rearview {
namespace {

/// Plays the gravest threat to a judge at 30 pictures a second.
class RoadJudgeTest : public testing::Test {
 protected:
  Analysis play(double seconds, int gravest, bool with_track = false, bool blind = false,
                bool followed = false) {
    Analysis analysis;
    for (const double until_s = t_s_ + seconds; t_s_ < until_s; t_s_ += 1.0 / 30) {
      analysis = {};
      analysis.t_s = t_s_;
      if (blind) analysis.road = Road::blind;
      if (with_track) analysis.tracks.emplace_back();
      if (gravest > last_) {
        Alert alert;
        alert.kind = gravest == 2 ? AlertKind::fast_approach : AlertKind::vehicle_approaching;
        analysis.alerts.push_back(alert);
      }
      last_ = gravest;
      judge_.judge(gravest, followed, analysis);
      all_clears_ +=
          std::count_if(analysis.alerts.begin(), analysis.alerts.end(),
                        [](const Alert& alert) { return alert.kind == AlertKind::all_clear; });
    }
    return analysis;
  }

  ApproachConfig policy_;
  RoadJudge judge_{policy_};
  double t_s_ = 0;
  int last_ = 0;
  std::ptrdiff_t all_clears_ = 0;
};

TEST_F(RoadJudgeTest, IsUnknownUntilAVehicleWouldHaveBeenFound) {
  EXPECT_EQ(play(0.9, 0).road, Road::unknown);
  EXPECT_EQ(play(0.3, 0).road, Road::clear);
  EXPECT_EQ(all_clears_, 0) << "nothing was told";
}

TEST_F(RoadJudgeTest, IsUnknownAfterASilence) {
  ASSERT_EQ(play(2, 0).road, Road::clear);
  t_s_ += 0.4;
  EXPECT_EQ(play(0.1, 0).road, Road::clear);
  t_s_ += 1;
  EXPECT_EQ(play(0.9, 0).road, Road::unknown);
  EXPECT_EQ(play(0.3, 0).road, Road::clear);
}

TEST_F(RoadJudgeTest, IsTheGravestOfAll) {
  EXPECT_EQ(play(0.1, 0, true).road, Road::following);
  EXPECT_EQ(play(0.1, 1, true).road, Road::approaching);
  EXPECT_EQ(play(0.1, 2, true).road, Road::danger);
}

TEST_F(RoadJudgeTest, TakesAWarningBackOnceAfterAQuietWhile) {
  play(2, 1, true);
  EXPECT_EQ(play(policy_.all_clear_s - 0.1, 0).road, Road::following) << "warned, not taken back";
  EXPECT_EQ(all_clears_, 0);
  EXPECT_EQ(play(0.2, 0).road, Road::clear);
  play(5, 0);
  EXPECT_EQ(all_clears_, 1);
}

TEST_F(RoadJudgeTest, IsNotClearWhileSomebodyStaysCloseBehind) {
  play(2, 1, true);
  EXPECT_EQ(play(10, 0, true, false, true).road, Road::following);
  EXPECT_EQ(all_clears_, 0);
  play(policy_.all_clear_s - 0.1, 0, true);
  EXPECT_EQ(all_clears_, 0);
  play(0.2, 0, true);
  EXPECT_EQ(all_clears_, 1);
}

TEST_F(RoadJudgeTest, ABlindViewTellsOnlyWhatComes) {
  EXPECT_EQ(play(5, 0, false, true).road, Road::blind);
  const Analysis coming = play(0.1, 2, true, true);
  EXPECT_EQ(coming.road, Road::danger);
  EXPECT_EQ(coming.state, AnalysisState::degraded);
  play(5, 0, false, true);
  EXPECT_EQ(all_clears_, 0);
  EXPECT_EQ(play(0.5, 0).road, Road::unknown) << "it has to look anew";
}

TEST_F(RoadJudgeTest, AWarningOutlivesAReset) {
  play(2, 1, true);
  judge_.reset();
  EXPECT_EQ(play(0.5, 0).road, Road::unknown);
  play(5, 0);
  EXPECT_EQ(all_clears_, 1);
}

}  // namespace
}  // namespace rearview
