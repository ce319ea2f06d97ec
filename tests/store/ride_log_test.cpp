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
  alert.keeping = Keeping{.ride = 2};
  const auto pass = log.note(alert);
  ASSERT_TRUE(pass);
  EXPECT_EQ(pass->id, 3u);
  EXPECT_EQ(pass->ride, 2u);
  EXPECT_TRUE(pass->close);
  EXPECT_EQ(pass->lead_s, 3.5);
  EXPECT_EQ(pass->lateral_m, 0.9);
  alert.epoch = 5;
  EXPECT_EQ(log.note(alert)->lead_s, std::nullopt) << "nothing is made up";
}

}  // namespace
}  // namespace rearview
