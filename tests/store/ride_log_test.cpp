#include "store/ride_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_TRUE(log.seen("rear", kNoon, kStart));
  EXPECT_FALSE(log.seen("rear", kNoon + 10s, kStart + 10s));
  EXPECT_FALSE(log.seen("rear", kNoon + 600s, kStart + 600s));
  EXPECT_EQ(log.current("rear", kStart + 1200s), 1u);
  EXPECT_FALSE(log.current("rear", kStart + 1201s));
  EXPECT_FALSE(log.current("front", kStart));
  EXPECT_TRUE(log.seen("rear", kNoon + 1300s, kStart + 1300s));
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
  log.seen("rear", WallTime{}, kStart);
  EXPECT_FALSE(log.seen("rear", kNoon, kStart + 1s));
  EXPECT_EQ(log.take_changed()[0].duration_s, 1);
}

TEST(RideLog, ARestartGoesOnWithTheRideThatWasNotLongAgo) {
  const StoredRide known{
      .id = 4, .camera = "rear", .start = kNoon, .seen = kNoon + 60s, .duration_s = 60};
  RideLog soon(600, {known}, 9);
  EXPECT_FALSE(soon.current("rear", kStart)) << "not seen yet";
  EXPECT_FALSE(soon.seen("rear", kNoon + 100s, kStart));
  EXPECT_EQ(soon.current("rear", kStart), 4u);
  EXPECT_EQ(soon.take_changed()[0].duration_s, 100);
  RideLog late(600, {known}, 9);
  EXPECT_TRUE(late.seen("rear", kNoon + 1000s, kStart));
  EXPECT_EQ(late.current("rear", kStart), 10u);
}

TEST(RideLog, TheRidersWayCountsForTheRideAndIsKeptOnceASecond) {
  RideLog log(600, {}, 0);
  log.moved(fix_at(kStart, 500, 80), true);
  log.seen("rear", kNoon, kStart + 1s);
  EXPECT_THAT(log.take_track(), IsEmpty()) << "no ride was going on";
  log.moved(fix_at(kStart + 1100ms, 506, 81), true);  // from here on
  for (int i = 1; i <= 4; ++i) {
    log.seen("rear", kNoon, kStart + 1s + i * 500ms);
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
  log.seen("rear", kNoon, kStart + 4s);
  log.moved(fix_at(kStart + 4s, 530, 84), false);
  EXPECT_THAT(log.take_track(), IsEmpty()) << "it wasn't asked for";
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 24);
}

TEST(RideLog, TheWayCountsForARideOnlyAsFarAsItsCameraWasSeenAgain) {
  RideLog log(600, {}, 0);
  log.seen("rear", kNoon, kStart);
  log.moved(fix_at(kStart, 0, 0), true);
  log.moved(fix_at(kStart + 100s, 600, 100), true);
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 0)
      << "the camera may have been put away";
  log.seen("rear", kNoon + 101s, kStart + 101s);
  log.moved(fix_at(kStart + 101s, 606, 101), true);
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 606);
  log.moved(fix_at(kStart + 801s, 5000, 800), true);
  log.seen("rear", kNoon + 802s, kStart + 802s);
  log.moved(fix_at(kStart + 802s, 5006, 801), true);
  const auto rides = log.take_changed();
  ASSERT_THAT(rides, SizeIs(1));
  EXPECT_EQ(rides[0].id, 2u);
  EXPECT_EQ(rides[0].travelled.distance_m, 0) << "another ride, which begins here";
}

TEST(RideLog, ATrackThatTheDiskDoesNotTakeIsBoundedAndItsLossCounted) {
  RideLog log(600, {}, 0);
  for (int t = 0; t < 8000; ++t) {
    log.seen("rear", kNoon, kStart + t * 1s);
    log.moved(fix_at(kStart + t * 1s, t, t), true);
  }
  EXPECT_EQ(log.lost_points(), 800u);
  const auto track = log.take_track();
  ASSERT_THAT(track, SizeIs(7200));
  EXPECT_EQ(track.front().point.t_s, 800);
}

TEST(RideLog, ARestartGoesOnWithTheWayOfTheRide) {
  RideLog log(600, {{4, "rear", kNoon, kNoon + 60s, 60, {400, 50, 40}}}, 4);
  log.seen("rear", kNoon + 70s, kStart);
  log.moved(fix_at(kStart, 0, 0), true);
  log.seen("rear", kNoon + 71s, kStart + 1s);
  log.moved(fix_at(kStart + 1s, 6, 1), true);
  EXPECT_EQ(log.take_changed().at(0).travelled.distance_m, 406);
  EXPECT_EQ(log.take_track().front().point.t_s, 70);
}

TEST(RideLog, APassKnowsHowLongBeforeItsVehicleWasFirstTold) {
  RideLog log(600, {}, 0);
  Alert alert;
  alert.camera = "rear";
  alert.track_id = 7;
  alert.t_s = 10;
  EXPECT_FALSE(log.note(alert));
  alert.t_s = 12;
  alert.kind = AlertKind::fast_approach;
  EXPECT_FALSE(log.note(alert));
  alert.id = 3;
  alert.kind = AlertKind::close_pass;
  alert.pass_t_s = 13.5;
  alert.lateral_m = 0.9;
  alert.position = Position{48.1, 11.5, 3};
  alert.rider_speed_mps = 6.5;
  alert.keeping = Keeping{.ride = 2};
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
  log.seen("rear", kNoon, kStart);
  alert.keeping->ride = 1;
  EXPECT_EQ(log.note(alert)->ride_distance_m, std::nullopt) << "nobody measures";
  log.moved(fix_at(kStart, 100, 10), true);
  log.moved(fix_at(kStart + 1s, 106, 11), true);
  EXPECT_EQ(log.note(alert)->ride_distance_m, 6);
  alert.keeping->ride = 2;
  EXPECT_EQ(log.note(alert)->ride_distance_m, std::nullopt);
  alert.epoch = 5;
  EXPECT_EQ(log.note(alert)->lead_s, std::nullopt) << "nothing is made up";
}

}  // namespace
}  // namespace rearview
