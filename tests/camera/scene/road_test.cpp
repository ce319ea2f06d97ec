#include "camera/scene/road.h"

#include <gtest/gtest.h>

namespace rearview::camera {
namespace {

TEST(Alignment, OnAStraightRoadTheKerbOfRightHandTrafficIsOnThePicturesLeft) {
  SceneConfig config;
  config.winding = 0;
  Alignment alignment;
  alignment.lay(Road(config), 100, 2.5f);
  const Vec3 here = alignment.pose(0, 2.5f).at;
  EXPECT_NEAR(here.x, 0, 1e-4);
  EXPECT_NEAR(here.z, 0, 1e-4);
  const Vec3 overtaker = alignment.pose(20, 0.5f).at;  // nearer to the middle line
  EXPECT_NEAR(overtaker.x, 2.0, 1e-3);
  EXPECT_NEAR(overtaker.z, 20, 1e-3);
  config.left_hand_traffic = true;
  alignment.lay(Road(config), 100, 2.5f);
  EXPECT_NEAR(alignment.pose(20, 0.5f).at.x, -2.0, 1e-3);
}

TEST(Alignment, ABendToTheRidersRightLiesBehindOnThePicturesLeft) {
  SceneConfig config;
  config.curve_radius_m = 100;
  Alignment alignment;
  alignment.lay(Road(config), 0, 0);
  const Alignment::Pose pose = alignment.pose(30, 0);
  EXPECT_NEAR(pose.at.x, -(100 - 100 * std::cos(0.3f)), 0.05);
  EXPECT_NEAR(pose.at.z, 100 * std::sin(0.3f), 0.05);
  EXPECT_NEAR(pose.turn, -0.3, 1e-3);
}

TEST(Alignment, PlaceIsTheWayBackFromPose) {
  for (const double radius : {0.0, 120.0, -300.0}) {
    SceneConfig config;
    config.winding = 0.5;
    config.curve_radius_m = radius;
    Alignment alignment;
    alignment.lay(Road(config), 4321, 2.5f);
    for (const float d : {3.0f, 12.0f, 40.0f, 80.0f}) {
      for (const float u : {-3.0f, 0.0f, 2.5f}) {
        const Vec3 at = alignment.pose(d, u).at;
        const Alignment::Place place = alignment.place(at.x, at.z);
        EXPECT_NEAR(place.d, d, 0.02f * d + 0.05f) << radius << " " << d << " " << u;
        EXPECT_NEAR(place.u, u, 0.12f) << radius << " " << d << " " << u;
      }
    }
  }
}

}  // namespace
}  // namespace rearview::camera
