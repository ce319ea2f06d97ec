#include "analyse/approach/encounter.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

using State = Encounter::State;

/// Plays verdicts to an encounter at 30 pictures a second.
class EncounterTest : public testing::Test {
 protected:
  void play(double seconds, const Verdict& verdict, bool coasting = false) {
    for (const double until_s = t_s_ + seconds; t_s_ < until_s; t_s_ += 1.0 / 30) {
      estimate_.t_s = t_s_;
      if (!coasting) estimate_.seen_s = t_s_;
      encounter_.follow(estimate_, verdict, coasting, told_, policy_, alerts_);
    }
  }
  void pass_where_it_left() {
    const auto out_s = encounter_.left_s(estimate_, t_s_);
    if (out_s) encounter_.pass(estimate_, *out_s, false, policy_, alerts_);
  }
  int count(AlertKind kind) const {
    return static_cast<int>(std::count_if(
        alerts_.begin(), alerts_.end(), [kind](const Alert& alert) { return alert.kind == kind; }));
  }
  static Verdict comes() {
    return {.hidden = false,
            .through = true,
            .in_place = true,
            .confirmation_s = 0.35,
            .fast = false,
            .released = false};
  }
  static Verdict comes_fast() {
    Verdict fast = comes();
    fast.fast = true;
    return fast;
  }
  static Verdict falls_back() {
    return {.hidden = false,
            .through = false,
            .in_place = false,
            .confirmation_s = 0.35,
            .fast = false,
            .released = true};
  }

  ApproachConfig policy_;
  Encounter encounter_{7};
  VehicleEstimate estimate_;
  Encounter::Told told_;
  std::vector<Alert> alerts_;
  double t_s_ = 0;
};

TEST_F(EncounterTest, IsToldOnceAfterConfirmation) {
  EXPECT_EQ(encounter_.state(), State::unseen);
  play(0.3, comes());
  EXPECT_EQ(encounter_.state(), State::seen);
  EXPECT_TRUE(alerts_.empty());
  play(2, comes());
  EXPECT_EQ(encounter_.state(), State::approaching);
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0].kind, AlertKind::vehicle_approaching);
  ASSERT_NE(alerts_[0].vehicle(), nullptr);
  EXPECT_EQ(alerts_[0].vehicle()->track_id, 7);
}

TEST_F(EncounterTest, AGapInTheVerdictsBeginsConfirmationAnew) {
  play(0.3, comes());
  play(0.04, falls_back());
  play(0.3, comes());
  EXPECT_EQ(encounter_.state(), State::seen);
}

TEST_F(EncounterTest, WhatIsOutOfPlaceWaits) {
  Verdict astray = comes();
  astray.in_place = false;
  play(2, astray);
  EXPECT_EQ(encounter_.state(), State::seen);
  play(0.1, comes());
  EXPECT_EQ(encounter_.state(), State::approaching);
}

TEST_F(EncounterTest, FastIsToldOnceAndStaysUntilReleased) {
  play(1, comes_fast());
  EXPECT_EQ(encounter_.state(), State::fast);
  EXPECT_EQ(encounter_.threat(), 2);
  play(1, comes());
  EXPECT_EQ(encounter_.state(), State::fast);
  EXPECT_EQ(count(AlertKind::fast_approach), 1);
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 1);
}

TEST_F(EncounterTest, APredictionAloneIsNeverFast) {
  play(1, comes());
  play(0.3, comes_fast(), true);
  EXPECT_EQ(encounter_.state(), State::approaching);
}

TEST_F(EncounterTest, IsReleasedAfterAWhileAndFlickerIsToldNoSecondTime) {
  play(1, comes());
  play(policy_.release_s - 0.2, falls_back());
  EXPECT_EQ(encounter_.state(), State::approaching);
  play(0.4, falls_back());
  EXPECT_EQ(encounter_.state(), State::seen);
  play(1, comes());
  EXPECT_EQ(encounter_.state(), State::approaching);
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 1);
}

TEST_F(EncounterTest, WhatClosesInAgainAfterAQuietWhileIsToldAgain) {
  play(1, comes_fast());
  play(policy_.release_s + policy_.all_clear_s + 0.2, falls_back());
  play(1, comes_fast());
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 2);
  EXPECT_EQ(count(AlertKind::fast_approach), 2);
}

TEST_F(EncounterTest, WhatFallsBackAtTheEdgeHasNotPassed) {
  play(1, comes());
  estimate_.cut_right = true;
  estimate_.motion = Motion::receding;
  play(1, falls_back(), true);
  EXPECT_FALSE(encounter_.left_s(estimate_, t_s_));
  estimate_.motion = Motion::unknown;
  EXPECT_TRUE(encounter_.left_s(estimate_, t_s_)) << "close to it nothing tells its growth";
}

TEST_F(EncounterTest, PassesOnceItHasLeftTheView) {
  play(1, comes());
  estimate_.cut_right = true;
  estimate_.lateral_m = Estimate{3, 0.3};
  const double seen_s = estimate_.seen_s;
  play(0.2, comes(), true);
  pass_where_it_left();
  EXPECT_EQ(encounter_.state(), State::approaching) << "for a moment it may come back";
  play(0.2, comes(), true);
  pass_where_it_left();
  EXPECT_EQ(encounter_.state(), State::passed);
  EXPECT_EQ(encounter_.threat(), 0);
  ASSERT_EQ(count(AlertKind::overtake), 1);
  EXPECT_EQ(std::get<AlertPass>(alerts_.back().about).pass_t_s, seen_s);
  play(1, comes(), true);
  pass_where_it_left();
  EXPECT_EQ(count(AlertKind::overtake), 1);
}

TEST_F(EncounterTest, APassNeedsAnAnnouncedEncounter) {
  play(0.2, comes());
  estimate_.cut_right = true;
  play(1, falls_back(), true);
  EXPECT_FALSE(encounter_.left_s(estimate_, t_s_));
  EXPECT_TRUE(alerts_.empty());
}

TEST_F(EncounterTest, ANearPassIsCalledSo) {
  play(1, comes());
  estimate_.cut_left = true;
  estimate_.lateral_m = Estimate{-1.1, 0.3};
  play(0.4, comes(), true);
  pass_where_it_left();
  EXPECT_EQ(count(AlertKind::close_pass), 1);
}

TEST_F(EncounterTest, WhatWasLostPassesWhenItsWayLedOut) {
  play(1, comes());
  encounter_.lose();
  EXPECT_EQ(encounter_.state(), State::lost);
  EXPECT_EQ(encounter_.threat(), 0);
  EXPECT_FALSE(encounter_.left_s(estimate_, t_s_ + 5)) << "nobody knows that it left";
  estimate_.out_of_view_s = t_s_ + 1;
  EXPECT_FALSE(encounter_.left_s(estimate_, t_s_ + 1.1));
  EXPECT_EQ(encounter_.left_s(estimate_, t_s_ + 1.4), t_s_ + 1);
}

TEST_F(EncounterTest, AnotherTrackGoesOnWithWhatWasLost) {
  play(1, comes());
  encounter_.lose();
  play(0.1, comes());
  EXPECT_EQ(encounter_.state(), State::approaching);
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 1);
}

TEST_F(EncounterTest, WhatPassedUnseenAndIsSeenAgainIsToldAnew) {
  play(1, comes());
  estimate_.out_of_view_s = t_s_;
  encounter_.pass(estimate_, t_s_, false, policy_, alerts_);
  play(1, comes());
  EXPECT_EQ(encounter_.state(), State::approaching);
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 2);
}

TEST_F(EncounterTest, WhatWasSeenToLeaveStaysPassedThoughItsBoxLeavesTheEdgeForAMoment) {
  play(1, comes());
  estimate_.cut_right = true;
  encounter_.pass(estimate_, t_s_, false, policy_, alerts_);
  estimate_.cut_right = false;
  play(0.3, comes());
  EXPECT_EQ(encounter_.state(), State::passed);
  estimate_.cut_right = true;
  play(0.1, comes());
  estimate_.cut_right = false;
  play(0.3, comes());
  EXPECT_EQ(encounter_.state(), State::passed);
  encounter_.lose();
  EXPECT_EQ(encounter_.state(), State::passed);
}

TEST_F(EncounterTest, TheNextOneThatGoesOnWithThePassedOnesTrackIsToldOfItself) {
  play(1, comes());
  estimate_.cut_right = true;
  encounter_.pass(estimate_, t_s_, false, policy_, alerts_);
  estimate_.cut_right = false;
  play(1.5, comes());
  EXPECT_EQ(encounter_.state(), State::approaching);
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 2);
}

TEST_F(EncounterTest, WhatGoesOnAloneIsToldThoughAnothersAlertHadCountedForIt) {
  told_ = {.as = 3, .fast = false};
  play(1, comes());
  EXPECT_TRUE(alerts_.empty());
  told_ = {};
  play(0.9, comes());
  EXPECT_TRUE(alerts_.empty()) << "a part of it may trail behind";
  play(0.6, comes());
  ASSERT_EQ(count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(encounter_.told_as(), 7);
  play(2, comes());
  EXPECT_EQ(count(AlertKind::vehicle_approaching), 1);
}

TEST_F(EncounterTest, WhatGoesOnAloneMustComeByItself) {
  told_ = {.as = 3, .fast = false};
  play(1, comes());
  told_ = {};
  play(3, falls_back());
  EXPECT_TRUE(alerts_.empty());
}

TEST_F(EncounterTest, APartOfAToldVehicleIsNotToldAgain) {
  told_ = {.as = 3, .fast = true};
  play(1, comes_fast());
  EXPECT_EQ(encounter_.state(), State::fast);
  EXPECT_TRUE(alerts_.empty());
  EXPECT_EQ(encounter_.told_as(), 3);
  EXPECT_FALSE(encounter_.announced_fast());
  encounter_.pass(estimate_, t_s_, true, policy_, alerts_);
  EXPECT_TRUE(alerts_.empty());
  EXPECT_TRUE(encounter_.passed_with(3, t_s_ + 0.5));
  EXPECT_FALSE(encounter_.passed_with(3, t_s_ + 1.5));
  EXPECT_FALSE(encounter_.passed_with(7, t_s_));
}

TEST_F(EncounterTest, HidesTheMotionOfWhatIsHiddenUnlessItWasTold) {
  Verdict hidden;
  hidden.hidden = true;
  play(0.1, hidden);
  EXPECT_FALSE(encounter_.shows_motion());
  play(1, comes());
  hidden.released = false;
  play(0.1, hidden);
  EXPECT_TRUE(encounter_.shows_motion());
}

}  // namespace
}  // namespace rearview
