#include "radar/radar_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace rearview {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Track vehicle(int id, std::optional<double> distance_m, std::optional<double> closing_mps) {
  Track track;
  track.id = id;
  track.motion = Motion::approaching;
  track.threat = 1;
  track.distance_m = distance_m;
  track.closing_mps = closing_mps;
  return track;
}

Analysis road(std::vector<Track> tracks) {
  Analysis analysis;
  analysis.road = tracks.empty() ? Road::clear : Road::approaching;
  analysis.tracks = std::move(tracks);
  return analysis;
}

RadarTarget only(const Track& track) {
  const auto targets = RadarTargets().of(road({track}));
  EXPECT_THAT(targets, SizeIs(1));
  return targets.at(0);
}

TEST(RadarTargets, ToldInMetresAndKilometresPerHourAndNoMoreThanAByteHolds) {
  EXPECT_EQ(only(vehicle(1, 21.4, 6.2)).distance_m, 21);
  EXPECT_EQ(only(vehicle(1, 21.4, 6.2)).closing_kmh, 22);
  EXPECT_EQ(only(vehicle(1, 900, 90)).distance_m, 254) << "255 is no distance";
  EXPECT_EQ(only(vehicle(1, 900, 90)).closing_kmh, 254);
  EXPECT_EQ(only(vehicle(1, -1, 3)).distance_m, 0);
}

TEST(RadarTargets, WhatThreatensIsNeverWithoutSpeed) {
  Track track = vehicle(1, 20, 0.0);
  EXPECT_EQ(only(track).closing_kmh, 1);
  track.threat = 0;
  track.motion = Motion::holding;
  track.closing_mps = -2;
  EXPECT_EQ(only(track).closing_kmh, 0);
}

TEST(RadarTargets, TheTimeToContactHoldsWhereTheDistanceIsNotKnown) {
  Track track = vehicle(1, std::nullopt, std::nullopt);
  track.ttc_s = 4;
  EXPECT_EQ(only(track).distance_m, 40);
  EXPECT_EQ(only(track).closing_kmh, 36);
  track.ttc_s = 100;
  EXPECT_EQ(only(track).distance_m, 254);
  track = vehicle(1, 30, std::nullopt);
  track.ttc_s = 3;
  EXPECT_EQ(only(track).closing_kmh, 36);
}

TEST(RadarTargets, OfWhichNothingIsKnownIsThereAndFar) {
  for (const double none :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Track track = vehicle(1, none, none);
    track.motion = Motion::unknown;
    track.threat = 0;
    track.ttc_s = none;
    EXPECT_EQ(only(track), (RadarTarget{0x81, 140, 0}));
  }
}

TEST(RadarTargets, WhatFallsBackIsNotTold) {
  Track track = vehicle(1, 30, -3);
  track.motion = Motion::receding;
  track.threat = 0;
  EXPECT_THAT(RadarTargets().of(road({track})), IsEmpty());
  track.threat = 1;
  EXPECT_THAT(RadarTargets().of(road({track})), SizeIs(1)) << "unless it threatens";
}

TEST(RadarTargets, AnIdStaysWithItsVehicle) {
  RadarTargets targets;
  const auto first = targets.of(road({vehicle(7, 40, 5), vehicle(8, 60, 5)}));
  const auto later = targets.of(road({vehicle(8, 30, 9), vehicle(7, 35, 5), vehicle(9, 80, 5)}));
  EXPECT_EQ(later[0].id, first[1].id) << "nearest first";
  EXPECT_EQ(later[1].id, first[0].id);
  EXPECT_NE(later[2].id, later[0].id);
  Analysis reconnected = road({vehicle(7, 40, 5)});
  reconnected.epoch = 1;
  EXPECT_NE(targets.of(reconnected)[0].id, first[0].id) << "another vehicle of that number";
}

TEST(RadarTargets, IdsAreThoseThatEveryReaderTakesAndComeAgainLate) {
  RadarTargets targets;
  std::vector<std::uint8_t> given;
  for (int id = 0; id < 300; ++id) {
    // One that stays, and one that comes and goes.
    const auto now = targets.of(road({vehicle(1000, 5, 1), vehicle(id, 50, 5)}));
    EXPECT_EQ(now[0].id, 0x81);
    given.push_back(now[1].id);
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_GE(given[i], 0x80);
    EXPECT_NE(given[i], 0xFD);
    EXPECT_NE(given[i], 0x81);
    for (std::size_t before = i - std::min<std::size_t>(i, 29); before < i; ++before)
      EXPECT_NE(given[i] >> 2, given[before] >> 2);
  }
}

TEST(RadarTargets, OfManyThoseThatThreatenThenTheNearest) {
  RadarTargets targets;
  std::vector<Track> tracks;
  for (int i = 0; i < 12; ++i) {
    tracks.push_back(vehicle(i, 10 + i, 1));
    tracks.back().threat = 0;
  }
  tracks[11].threat = 2;
  const auto told = targets.of(road(tracks));
  ASSERT_THAT(told, SizeIs(8));
  EXPECT_EQ(told.front().distance_m, 10);
  EXPECT_EQ(told[6].distance_m, 16);
  EXPECT_EQ(told.back().distance_m, 21);
  EXPECT_EQ(targets.left_out(), 4u);
}

TEST(RadarTargets, AListIsEmptyOnlyWhenTheRoadIsClear) {
  RadarTargets targets;
  const auto told = targets.of(road({vehicle(7, 40, 5)}));
  Analysis lost = road({});
  lost.road = Road::following;
  EXPECT_EQ(targets.of(lost), told);
  EXPECT_EQ(targets.of(lost), told);
  EXPECT_THAT(targets.of(road({})), IsEmpty());
  EXPECT_THAT(targets.of(lost), ElementsAre(RadarTarget{0x85, 140, 0}));
  targets.of(road({vehicle(7, 40, 5)}));
  targets.reset();
  EXPECT_THAT(targets.of(lost), ElementsAre(RadarTarget{0x8D, 140, 0})) << "not what was before";
}

}  // namespace
}  // namespace rearview
