#include "store/ride_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/stretches.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

const WallTime kNoon{std::chrono::milliseconds(1'795'000'000'000)};
const SteadyTime kStart{1000s};

RiderFix fix_at(SteadyTime at, double distance_m, double known_s) {
  return {at, {48.1, 11.5, 3}, 6.0, {distance_m, known_s, known_s / 2}};
}

TEST(RideLog, ARideGoesOnOverShortGapsAndEndsAfterALongOne) {
  RideLog log(600, {}, 0);
  EXPECT_FALSE(log.current("rear", kStart));
  EXPECT_TRUE(log.seen("rear", kNoon, kStart, true));
  EXPECT_FALSE(log.seen("rear", kNoon + 10s, kStart + 10s, true));
  EXPECT_FALSE(log.seen("rear", kNoon + 600s, kStart + 600s, true));
  EXPECT_EQ(log.current("rear", kStart + 1200s), 1u);
  EXPECT_FALSE(log.current("rear", kStart + 1201s));
  EXPECT_FALSE(log.current("front", kStart));
  EXPECT_TRUE(log.seen("rear", kNoon + 1300s, kStart + 1300s, true));
  EXPECT_EQ(log.current("rear", kStart + 1300s), 2u);
  const auto changed = log.take_changed();
  ASSERT_THAT(changed, SizeIs(2));
  EXPECT_EQ(changed[0].duration_s, 600);
  EXPECT_EQ(changed[0].seen, kNoon + 600s);
  EXPECT_THAT(log.take_changed(), IsEmpty());
  log.give_back(changed);
  EXPECT_THAT(log.take_changed(), SizeIs(2)) << "the disk didn't take them";
}

TEST(RideLog, AClockThatIsSetDoesNotStretchARide) {
  RideLog log(600, {}, 0);
  log.seen("rear", WallTime{}, kStart, true);
  EXPECT_FALSE(log.seen("rear", kNoon, kStart + 1s, true));
  EXPECT_EQ(log.take_changed()[0].duration_s, 1);
}

TEST(RideLog, ARestartGoesOnWithTheRideThatWasNotLongAgo) {
  const StoredRide known{
      .id = 4, .camera = "rear", .start = kNoon, .seen = kNoon + 60s, .duration_s = 60};
  RideLog soon(600, {known}, 9);
  EXPECT_FALSE(soon.current("rear", kStart)) << "not seen yet";
  EXPECT_FALSE(soon.seen("rear", kNoon + 100s, kStart, true));
  EXPECT_EQ(soon.current("rear", kStart), 4u);
  EXPECT_EQ(soon.take_changed()[0].duration_s, 100);
  RideLog late(600, {known}, 9);
  EXPECT_TRUE(late.seen("rear", kNoon + 1000s, kStart, true));
  EXPECT_EQ(late.current("rear", kStart), 10u);
}

using Stretches = std::vector<Stretch>;

/// A ride on which the road was seen eight times a second for so long.
void look(RideLog& log, int from_s, int to_s, bool road_seen = true) {
  for (auto at = from_s * 1s + 125ms; at <= to_s * 1s; at += 125ms)
    log.seen("rear", kNoon + at, kStart + at, road_seen);
}

Stretches unseen(RideLog& log, int at_s) {
  return log.going_on(log.current("rear", kStart + at_s * 1s).value(), kStart + at_s * 1s)->unseen;
}

TEST(RideLog, KnowsWhenNobodySawTheRoad) {
  RideLog log(600, {}, 0);
  log.seen("rear", kNoon, kStart, false);
  EXPECT_EQ(unseen(log, 0), (Stretches{{0, 1}}));
  look(log, 0, 10);
  EXPECT_EQ(unseen(log, 10), (Stretches{{0, 1}}));
  look(log, 10, 12, false);  // an analysis that fails
  look(log, 12, 20);
  EXPECT_EQ(unseen(log, 20), (Stretches{{0, 1}, {10, 13}})) << "until it was seen again";
  log.unseen("rear");  // the camera is gone, for a moment
  EXPECT_EQ(unseen(log, 20).size(), 2u);
  log.seen("rear", kNoon + 21500ms, kStart + 21500ms, true);
  EXPECT_EQ(unseen(log, 21), (Stretches{{0, 1}, {10, 13}, {20, 22}}));
  log.seen("rear", kNoon + 23s, kStart + 23s, true);
  EXPECT_EQ(unseen(log, 23).size(), 3u) << "pictures may be slow";
  log.seen("rear", kNoon + 26s, kStart + 26s, true);
  EXPECT_EQ(unseen(log, 26).back(), (Stretch{23, 26})) << "nobody said anything for longer";
  look(log, 26, 60);
  log.was_unseen("rear", 5.5, kStart + 60s);  // told only now
  EXPECT_EQ(unseen(log, 60).back(), (Stretch{54, 60}));
  log.seen("rear", kNoon + 700s, kStart + 700s, true);
  EXPECT_THAT(unseen(log, 700), IsEmpty()) << "another ride";
}

TEST(RideLog, WhatARideMissedWhileTheProgramWasOffNobodySaw) {
  const StoredRide known{.id = 4,
                         .camera = "rear",
                         .start = kNoon,
                         .seen = kNoon + 60s,
                         .duration_s = 60,
                         .unseen = {{3, 5}}};
  RideLog log(600, {known}, 9);
  log.unseen("rear");  // no picture yet
  log.was_unseen("rear", 5, kStart);
  log.seen("rear", kNoon + 60500ms, kStart, true);
  EXPECT_EQ(unseen(log, 0), (Stretches{{3, 5}, {60, 61}})) << "however short it was";
  log.seen("rear", kNoon + 61s, kStart + 500ms, true);
  EXPECT_EQ(log.take_changed().at(0).unseen, (Stretches{{3, 5}, {60, 61}}));
}

TEST(Stretches, AreInOrderApartAndNotWithoutEnd) {
  Stretches all;
  add_stretch(all, 20, 22.5);
  add_stretch(all, 5.5, 5.6);
  add_stretch(all, 10, 10);
  EXPECT_EQ(all, (Stretches{{5, 6}, {10, 11}, {20, 23}}));
  add_stretch(all, 6, 8);
  add_stretch(all, 10.5, 21);
  EXPECT_EQ(all, (Stretches{{5, 8}, {10, 23}}));
  add_stretch(all, -3, 0.5);
  add_stretch(all, 86'390, 1e9);
  add_stretch(all, 1e9, 2e9);
  EXPECT_EQ(all, (Stretches{{0, 1}, {5, 8}, {10, 23}, {86'390, 86'400}}));
  EXPECT_EQ(stretches_from(text_of(all)), all);
  all.clear();
  for (int i = 0; i < 1500; ++i) add_stretch(all, 10 * i, 10 * i + 1 + i % 2);
  EXPECT_THAT(all, SizeIs(1000));
  EXPECT_EQ(all.front().from_s, 0);
  EXPECT_EQ(all.back(), (Stretch{14'990, 14'992}));
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].to_s, all[i].from_s);
}

TEST(RideLog, TheRidersWayCountsForTheRideAndIsKeptOnceASecond) {
  RideLog log(600, {}, 0);
  log.moved(fix_at(kStart, 500, 80), true);
  log.seen("rear", kNoon, kStart + 1s, true);
  EXPECT_THAT(log.take_track(), IsEmpty()) << "no ride was going on";
  log.moved(fix_at(kStart + 1100ms, 506, 81), true);  // from here on
  for (int i = 1; i <= 4; ++i) {
    log.seen("rear", kNoon, kStart + 1s + i * 500ms, true);
    log.moved(fix_at(kStart + 1s + i * 500ms, 506 + 3 * i, 81 + 0.5 * i), true);
  }
  const auto ride = log.take_changed().at(0);
  EXPECT_EQ(ride.travelled.distance_m, 12);
  EXPECT_EQ(ride.travelled.known_s, 2);
  EXPECT_EQ(ride.travelled.moving_s, 1);
  const auto track = log.take_track();
  ASSERT_THAT(track, SizeIs(3));
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(track[t].ride, 1u);
    EXPECT_EQ(track[t].point.t_s, static_cast<int>(t));
  }
  EXPECT_EQ(track[2].point.distance_m, 12);
  log.give_back({}, track);
  EXPECT_THAT(log.take_track(), SizeIs(3)) << "the disk didn't take them";
  log.seen("rear", kNoon, kStart + 4s, true);
  log.moved(fix_at(kStart + 4s, 530, 84), false);
  EXPECT_THAT(log.take_track(), IsEmpty()) << "it wasn't asked for";
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 24);
}

TEST(RideLog, TheWayCountsForARideOnlyAsFarAsItsCameraWasSeenAgain) {
  RideLog log(600, {}, 0);
  log.seen("rear", kNoon, kStart, true);
  log.moved(fix_at(kStart, 0, 0), true);
  log.moved(fix_at(kStart + 100s, 600, 100), true);
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 0)
      << "the camera may have been put away";
  log.seen("rear", kNoon + 101s, kStart + 101s, true);
  log.moved(fix_at(kStart + 101s, 606, 101), true);
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 606);
  log.moved(fix_at(kStart + 801s, 5000, 800), true);
  log.seen("rear", kNoon + 802s, kStart + 802s, true);
  log.moved(fix_at(kStart + 802s, 5006, 801), true);
  const auto rides = log.take_changed();
  ASSERT_THAT(rides, SizeIs(1));
  EXPECT_EQ(rides[0].id, 2u);
  EXPECT_EQ(rides[0].travelled.distance_m, 0) << "another ride, which begins here";
}

TEST(RideLog, ATrackThatTheDiskDoesNotTakeIsBoundedAndItsLossCounted) {
  RideLog log(600, {}, 0);
  for (int t = 0; t < 8000; ++t) {
    log.seen("rear", kNoon, kStart + t * 1s, true);
    log.moved(fix_at(kStart + t * 1s, t, t), true);
  }
  EXPECT_EQ(log.lost_points(), 800u);
  const auto track = log.take_track();
  ASSERT_THAT(track, SizeIs(7200));
  EXPECT_EQ(track.front().point.t_s, 800);
}

TEST(RideLog, ARestartGoesOnWithTheWayOfTheRide) {
  RideLog log(600, {{4, "rear", kNoon, kNoon + 60s, 60, {400, 50, 40}}}, 4);
  log.seen("rear", kNoon + 70s, kStart, true);
  log.moved(fix_at(kStart, 0, 0), true);
  log.seen("rear", kNoon + 71s, kStart + 1s, true);
  log.moved(fix_at(kStart + 1s, 6, 1), true);
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 406);
  EXPECT_EQ(log.take_track().front().point.t_s, 70);
}

TEST(RideLog, APassKnowsHowLongBeforeItsVehicleWasFirstTold) {
  RideLog log(600, {}, 0);
  KeptAlert alert;
  alert.camera = "rear";
  alert.about = AlertApproach{{.track_id = 7}};
  alert.t_s = 10;
  EXPECT_FALSE(log.note(alert));
  alert.t_s = 12;
  alert.kind = AlertKind::fast_approach;
  EXPECT_FALSE(log.note(alert));
  alert.id = 3;
  alert.kind = AlertKind::close_pass;
  alert.about = AlertPass{{.track_id = 7, .lateral_m = 0.9}, 13.5};
  alert.position = Position{48.1, 11.5, 3};
  alert.rider_speed_mps = 6.5;
  alert.keeping.ride = 2;
  const auto pass = log.note(alert);
  ASSERT_TRUE(pass);
  EXPECT_EQ(pass->id, 3u);
  EXPECT_EQ(pass->ride, 2u);
  EXPECT_TRUE(pass->close);
  EXPECT_EQ(pass->lead_s, 3.5);
  EXPECT_EQ(pass->lateral_m, 0.9);
  EXPECT_EQ(pass->position->lat_deg, 48.1);
  EXPECT_EQ(pass->rider_speed_mps, 6.5);
  EXPECT_EQ(pass->ride_distance_m, std::nullopt);
  log.seen("rear", kNoon, kStart, true);
  alert.keeping.ride = 1;
  EXPECT_EQ(log.note(alert)->ride_distance_m, std::nullopt) << "nobody measures";
  log.moved(fix_at(kStart, 100, 10), true);
  log.moved(fix_at(kStart + 1s, 106, 11), true);
  EXPECT_EQ(log.note(alert)->ride_distance_m, 6);
  alert.keeping.ride = 2;
  EXPECT_EQ(log.note(alert)->ride_distance_m, std::nullopt);
  alert.epoch = 5;
  EXPECT_EQ(log.note(alert)->lead_s, std::nullopt) << "nothing is made up";
}

}  // namespace
}  // namespace rearview
