#include "analyse/approach/vehicle_estimator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/analyse/approach/approach_ride.h"

namespace rearview {
namespace {

using test::car;
using test::car_box;

ViewGeometry view() {
  ViewGeometry view;
  view.shown = cv::Rect2f(0, 0, 640, 360);
  view.vanishing = {320, test::kHorizon_px};
  view.vanishing_sigma_px = 2;
  view.focal_px = test::kFocal_px;
  view.camera_height_m = test::kHeight_m;
  return view;
}

/// What is known of a car after it was seen at 30 pictures a second from 0 to to_s.
VehicleEstimate after(VehicleEstimator& estimator, double from_s, double to_s,
                      const std::function<double(double)>& ahead_m, double right_m,
                      std::optional<Estimate> growth = {}) {
  for (int i = 0; from_s + i / 30.0 < to_s; ++i) {
    const double t_s = from_s + i / 30.0;
    estimator.update(
        {.track = car(1, car_box(ahead_m(t_s), right_m)), .box_score = 0.9, .growth = growth},
        view(), t_s);
  }
  return estimator.estimate();
}

TEST(VehicleEstimator, TellsAnEvenApproachByItsBoxes) {
  VehicleEstimator estimator;
  const VehicleEstimate known = after(
      estimator, 0, 2, [](double t) { return 40 - 8 * t; }, 2);
  ASSERT_TRUE(known.ttc_s && known.distance_m && known.closing_mps && known.lateral_m);
  EXPECT_NEAR(known.ttc_s->value, 24.0 / 8, 0.3);
  EXPECT_NEAR(known.distance_m->value, 24.3, 2.5);
  EXPECT_NEAR(known.closing_mps->value, 8, 1);
  EXPECT_NEAR(known.lateral_m->value, 2, 0.4);
  EXPECT_GT(known.closing_mps->sigma, 0);
  EXPECT_EQ(known.motion, Motion::approaching);
  EXPECT_EQ(known.side, Side::right);
  EXPECT_TRUE(known.known());
  EXPECT_FALSE(known.leaving());
}

TEST(VehicleEstimator, DoubtOfTheDistanceIsThatOfItsSizeAndFoot) {
  VehicleEstimator estimator;
  const VehicleEstimate known = after(
      estimator, 0, 1, [](double) { return 20; }, 0);
  ASSERT_TRUE(known.distance_m);
  EXPECT_GT(known.distance_m->sigma / known.distance_m->value, 0.05);
  EXPECT_LT(known.distance_m->sigma / known.distance_m->value, 0.25);
}

TEST(VehicleEstimator, WhatHoldsItsDistanceHasNoTimeToContact) {
  VehicleEstimator estimator;
  const VehicleEstimate known = after(
      estimator, 0, 2, [](double) { return 20; }, 0);
  EXPECT_FALSE(known.ttc_s);
  EXPECT_EQ(known.motion, Motion::holding);
  EXPECT_EQ(known.side, Side::behind);
}

TEST(VehicleEstimator, AMeasuredGrowthMakesItSurer) {
  VehicleEstimator by_boxes;
  VehicleEstimator measured;
  const auto ahead = [](double t) { return 40 - 8 * t; };
  const VehicleEstimate rough = after(by_boxes, 0, 0.5, ahead, 0);
  const VehicleEstimate fine = after(measured, 0, 0.5, ahead, 0, Estimate{8 / 36.0, 0.01});
  EXPECT_LT(fine.growth.sigma, rough.growth.sigma);
  EXPECT_GT(fine.measured_share, 0.7);
  EXPECT_EQ(rough.measured_share, 0);
}

TEST(VehicleEstimator, KnowsWhenWhatComesFromTheSideIsOutOfView) {
  VehicleEstimator estimator;
  const auto ahead = [](double t) { return 12 - 6 * t; };
  const VehicleEstimate seen = after(estimator, 0, 1, ahead, 2.5);
  EXPECT_FALSE(seen.leaving());
  EXPECT_FALSE(seen.out_of_view_s) << "its box hasn't reached the picture's side";
  // Nobody sees it any more; its track is carried on to the side.
  estimator.update(
      {.track = car(1, cv::Rect2f(600, 100, 40, 150), true), .box_score = {}, .growth = {}}, view(),
      1.8);
  ASSERT_TRUE(estimator.estimate().out_of_view_s);
  // Its tangent reaches the picture's edge, 320 px beside the middle, at 2.5 m * 500 / 320 = 3.9 m.
  EXPECT_NEAR(*estimator.estimate().out_of_view_s, (12 - 3.9) / 6, 0.35);
}

TEST(VehicleEstimator, SaysOnceHowHighTheCameraSits) {
  VehicleEstimator estimator;
  int told = 0;
  for (int i = 0; i < 90; ++i) {
    const auto& known = estimator.update(
        {.track = car(1, car_box(15, 0)), .box_score = 0.9, .growth = {}}, view(), i / 30.0);
    if (!known.camera_height_m) continue;
    ++told;
    EXPECT_NEAR(*known.camera_height_m, test::kHeight_m, 0.05);
  }
  EXPECT_EQ(told, 1);
}

TEST(VehicleEstimator, MeasuresGrowthAgainstAPictureInWhichItLookedAlike) {
  VehicleEstimator estimator;
  EXPECT_FALSE(estimator.seen_before(0.8));
  after(
      estimator, 0, 2, [](double) { return 20; }, 0);
  const auto before = estimator.seen_before(0.4);
  ASSERT_TRUE(before);
  EXPECT_NEAR(before->first, estimator.estimate().t_s - 0.4, 0.04);
  VehicleEstimator fast;
  after(
      fast, 0, 1, [](double t) { return 20 - 18 * t; }, 0);
  ASSERT_TRUE(fast.seen_before(0.8));
  EXPECT_GT(fast.seen_before(0.8)->second.area(), 0.4F * fast.estimate().box.area());
}

TEST(VehicleEstimator, ABurstOfPicturesAtOnceKeepsItFinite) {
  VehicleEstimator estimator;
  for (int i = 0; i < 1000; ++i)
    estimator.update(
        {.track = car(1, car_box(20, 0)), .box_score = 0.9, .growth = Estimate{0.1, 0.1}}, view(),
        1);
  EXPECT_TRUE(std::isfinite(estimator.estimate().growth.value));
  ASSERT_TRUE(estimator.estimate().distance_m);
  EXPECT_NEAR(estimator.estimate().distance_m->value, 20, 3);
}

}  // namespace
}  // namespace rearview
