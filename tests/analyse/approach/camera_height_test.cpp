#include "analyse/approach/camera_height.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(CameraHeight, StartsWhereItIsTold) {
  EXPECT_DOUBLE_EQ(CameraHeight(0.9).value_m(), 0.9);
}

TEST(CameraHeight, LearnsFromVehicleToVehicle) {
  CameraHeight height(0.9);
  const double doubt = height.sigma_share();
  height.see(1.3);
  EXPECT_GT(height.value_m(), 1.0);
  EXPECT_LT(height.value_m(), 1.25) << "one vehicle is not the truth";
  for (int i = 0; i < 20; ++i) height.see(i % 2 ? 1.2 : 1.4);
  EXPECT_NEAR(height.value_m(), 1.3, 0.06);
  EXPECT_LT(height.sigma_share(), doubt / 3);
}

TEST(CameraHeight, IsNotTakenAlongByWhatCannotBe) {
  CameraHeight height(0.9);
  height.see(0.05);
  height.see(20);
  EXPECT_DOUBLE_EQ(height.value_m(), 0.9);
  height.see(2.9);
  EXPECT_LT(height.value_m(), 1.4);
}

}  // namespace
}  // namespace rearview
