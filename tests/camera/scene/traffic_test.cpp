#include "camera/scene/traffic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rearview::camera {
namespace {

constexpr double kStep_s = 1.0 / 30;

/// Drives the whole scene's traffic without drawing it.
struct Drive {
  explicit Drive(const SceneConfig& c) : config(c), road(c), ride(c), traffic(c, garage) {}
  void step() {
    ride.step(kStep_s, road);
    traffic.step(ride.t_s(), kStep_s, ride.pose());
  }
  SceneConfig config;
  Garage garage;
  Road road;
  Ride ride;
  Traffic traffic;
};

SceneConfig empty_road() {
  SceneConfig config;
  config.traffic = 0;
  config.shake = 0;
  return config;
}

TEST(Traffic, NobodyDrivesThroughAnybody) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    SceneConfig config;
    config.seed = seed;
    config.traffic = 2;
    Drive drive(config);
    for (int i = 0; i < 30 * 240; ++i) {
      drive.step();
      const auto& all = drive.traffic.vehicles();
      for (std::size_t a = 0; a < all.size(); ++a) {
        for (std::size_t b = a + 1; b < all.size(); ++b) {
          if (all[a].turned > 0 || all[b].turned > 0) continue;
          const double s = drive.ride.pose().s;
          const bool along = all[a].nearest_m(s) < all[b].farthest_m(s) &&
                             all[b].nearest_m(s) < all[a].farthest_m(s);
          const float apart =
              std::abs(all[a].u - all[b].u) - 0.5f * (all[a].model->width + all[b].model->width);
          ASSERT_FALSE(along && apart < 0)
              << "seed " << seed << " t " << i * kStep_s << " vehicles " << all[a].id << " "
              << all[b].id << " (" << name(all[a].plan.vehicle) << ", " << name(all[b].plan.vehicle)
              << ") overlap " << apart << " at " << all[a].nearest_m(s);
        }
      }
    }
  }
}

TEST(Traffic, AnOvertakerLeavesTheRoomThatItsPlanSays) {
  for (const double lateral : {0.8, 1.5, 2.3}) {
    SceneConfig config = empty_road();
    ScriptedVehicle plan;
    plan.lateral_m = lateral;
    plan.distance_m = 120;
    config.vehicles = {plan};
    Drive drive(config);
    bool passed = false;
    for (int i = 0; i < 30 * 20 && !passed; ++i) {
      drive.step();
      const Vehicle& v = drive.traffic.vehicles().front();
      if (v.nearest_m(drive.ride.pose().s) > 0) continue;
      passed = true;
      EXPECT_NEAR(kRiderKeeps_m - v.u - 0.5f * v.model->width, lateral, 0.15);
    }
    EXPECT_TRUE(passed);
  }
}

TEST(Traffic, AFollowerKeepsItsGapAndThenOvertakes) {
  SceneConfig config = empty_road();
  ScriptedVehicle plan;
  plan.behaviour = Behaviour::kFollow;
  plan.distance_m = 80;
  plan.gap_m = 15;
  plan.hold_s = 10;
  config.vehicles = {plan};
  Drive drive(config);
  double nearest = 1e9;
  bool passed = false;
  for (int i = 0; i < 30 * 60; ++i) {
    drive.step();
    if (drive.traffic.vehicles().empty()) break;
    const Vehicle& v = drive.traffic.vehicles().front();
    if (v.doing == Behaviour::kFollow)
      nearest = std::min(nearest, v.nearest_m(drive.ride.pose().s));
    passed |= v.nearest_m(drive.ride.pose().s) < 0;
  }
  EXPECT_GT(nearest, 12);
  EXPECT_LT(nearest, 20);
  EXPECT_TRUE(passed);
}

TEST(Traffic, WhoTurnsOffNeverComesNear) {
  SceneConfig config = empty_road();
  ScriptedVehicle plan;
  plan.behaviour = Behaviour::kTurnOff;
  plan.gap_m = 45;
  config.vehicles = {plan};
  Drive drive(config);
  double nearest = 1e9;
  bool turned = false;
  for (int i = 0; i < 30 * 60 && !(i > 30 && drive.traffic.vehicles().empty()); ++i) {
    drive.step();
    for (const Vehicle& v : drive.traffic.vehicles()) {
      if (v.turned == 0) nearest = std::min(nearest, v.nearest_m(drive.ride.pose().s));
      turned |= v.turned > 1.5f;
    }
  }
  EXPECT_TRUE(turned);
  EXPECT_GT(nearest, 40);
  EXPECT_TRUE(drive.traffic.vehicles().empty());
}

TEST(Traffic, StaysBoundedWhereverTheRiderStands) {
  SceneConfig config;
  config.traffic = 5;
  config.speed_mps = 0;
  Drive drive(config);
  std::size_t most = 0;
  for (int i = 0; i < 30 * 600; ++i) {
    drive.step();
    most = std::max(most, drive.traffic.vehicles().size());
  }
  EXPECT_GT(most, 2u);
  EXPECT_LE(most, 40u);
}

}  // namespace
}  // namespace rearview::camera
