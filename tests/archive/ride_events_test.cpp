#include "archive/ride_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace rearview {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What a chunk that begins at begin_s keeps of a ride, told as the kinds of its alerts.
class RideEventsTest : public testing::Test {
 protected:
  explicit RideEventsTest(double begin_s = 10, double end_s = 20)
      : begin_s_(begin_s), end_s_(end_s) {}

  /// One picture, with vehicle 7 in sight or not.
  void at(double t_s, bool in_sight, std::vector<AlertKind> kinds = {}) {
    if (t_s >= end_s_) return;  // another chunk
    Analysis analysis;
    analysis.epoch = 1;
    analysis.t_s = t_s;
    if (in_sight) analysis.tracks.push_back({.id = 7});
    for (const AlertKind kind : kinds) {
      Alert alert;
      alert.kind = kind;
      alert.t_s = t_s;
      alert.epoch = 1;
      if (kind != AlertKind::all_clear) alert.about = AlertPass{{.track_id = 7}};
      analysis.alerts.push_back(alert);
    }
    events_.add(analysis, t_s >= begin_s_);
  }

  std::vector<AlertKind> told_;
  double begin_s_;
  double end_s_;
  RideEvents events_{20, [this](const Alert& alert) { told_.push_back(alert.kind); }};
};

TEST_F(RideEventsTest, AnEventIsToldWholeByTheChunkInWhichItsVehiclePasses) {
  at(8, true, {AlertKind::vehicle_approaching});
  at(9.9, true, {AlertKind::fast_approach});
  EXPECT_THAT(told_, IsEmpty());
  at(10.1, false, {AlertKind::overtake});
  EXPECT_THAT(told_, ElementsAre(AlertKind::vehicle_approaching, AlertKind::fast_approach,
                                 AlertKind::overtake));
  EXPECT_EQ(events_.count(), 1u);
}

TEST_F(RideEventsTest, WhatPassedBeforeIsTheChunksBefore) {
  at(8, true, {AlertKind::vehicle_approaching});
  at(9.9, false, {AlertKind::overtake});
  at(15, false);
  events_.finish();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(RideEventsTest, WhatIsStillToPassIsTheNextChunks) {
  at(19, true, {AlertKind::vehicle_approaching});
  at(19.9, true);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(RideEventsTest, AtTheEndOfTheRideWhatIsStillToPassIsTold) {
  at(19, true, {AlertKind::vehicle_approaching});
  events_.finish();
  EXPECT_THAT(told_, ElementsAre(AlertKind::vehicle_approaching));
}

TEST_F(RideEventsTest, AVehicleThatTurnsOffBelongsWhereItIsForgotten) {
  at(9, true, {AlertKind::vehicle_approaching});
  at(9.5, true);
  at(11, false);
  EXPECT_THAT(told_, IsEmpty());
  at(11.6, false);
  EXPECT_THAT(told_, ElementsAre(AlertKind::vehicle_approaching));
}

TEST_F(RideEventsTest, AVehicleThatStaysBehindIsToldWhileTheNextChunkMayHaveSeenItCome) {
  events_ = RideEvents(5, [this](const Alert& alert) { told_.push_back(alert.kind); });
  at(11, true, {AlertKind::vehicle_approaching});
  at(15.9, true);
  EXPECT_THAT(told_, IsEmpty());
  at(16.1, true);
  EXPECT_THAT(told_, ElementsAre(AlertKind::vehicle_approaching));
  at(18, false, {AlertKind::overtake});
  EXPECT_THAT(told_, ElementsAre(AlertKind::vehicle_approaching, AlertKind::overtake));
}

TEST_F(RideEventsTest, WhatIsOfNoVehicleBelongsWhereItIsTold) {
  at(9.9, false, {AlertKind::all_clear});
  EXPECT_THAT(told_, IsEmpty());
  at(10, false, {AlertKind::all_clear});
  EXPECT_THAT(told_, ElementsAre(AlertKind::all_clear));
  EXPECT_EQ(events_.count(), 0u);
}

}  // namespace
}  // namespace rearview
