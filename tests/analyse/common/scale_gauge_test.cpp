#include "analyse/common/scale_gauge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/analyse/textured_road.h"

namespace rearview {
namespace {

using test::Road;
using test::texture;

/// A vehicle whose time to contact is `ttc_s` when its box is `width` wide, looked at `back_s` ago
/// and now; the boxes said are off by `error_px`.
std::optional<Estimate> measured(double width, double ttc_s, double back_s, float error_px = 0,
                                 double gain = 1) {
  const Road road;
  const double ratio = ttc_s / (ttc_s + back_s);
  const cv::Rect2d now(300, 150, width, width / 1.2);
  const cv::Rect2d then(296, 153, width * ratio, width / 1.2 * ratio);
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  pictures.add(road.picture(then, 1, 3), 10);
  pictures.add(road.picture(now, gain, 4), 10 + back_s);
  cv::Rect2f said(then);
  said.x += error_px;
  said.width += error_px;
  return gauge.growth(said, 10, cv::Rect2f(now));
}

TEST(ScaleGauge, MeasuresTheGrowthFromTinyToNear) {
  for (const double width : {12.0, 20.0, 45.0, 110.0, 240.0}) {
    for (const double ttc_s : {2.0, 4.0, 8.0}) {
      const auto growth = measured(width, ttc_s, 0.6);
      ASSERT_TRUE(growth) << width << " px, " << ttc_s << " s";
      EXPECT_NEAR(growth->value, 1 / ttc_s, 0.03) << width << " px, " << ttc_s << " s";
      EXPECT_LT(std::abs(growth->value - 1 / ttc_s), 3.5 * growth->sigma) << width << " px";
      EXPECT_LT(growth->sigma, 0.1);
    }
  }
}

TEST(ScaleGauge, ForgivesBoxesThatAreOff) {
  const auto growth = measured(40, 4, 0.6, 3);
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->value, 0.25, 0.03);
}

TEST(ScaleGauge, ForgivesAChangeOfExposure) {
  const auto growth = measured(40, 4, 0.6, 0, 1.4);
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->value, 0.25, 0.03);
}

TEST(ScaleGauge, AVehicleThatKeepsItsDistanceDoesNotGrow) {
  const auto growth = measured(30, 1e6, 0.8);
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->value, 0, 0.02);
}

TEST(ScaleGauge, SaysNothingWhereThePicturesDiffer) {
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  pictures.add(texture({640, 360}, 1), 0);
  pictures.add(texture({640, 360}, 2), 0.5);
  EXPECT_FALSE(gauge.growth({300, 150, 40, 32}, 0, {300, 150, 40, 32}));
}

TEST(ScaleGauge, SaysNothingOfAPlainSurface) {
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  pictures.add(cv::Mat(360, 640, CV_8U, cv::Scalar(90)), 0);
  pictures.add(cv::Mat(360, 640, CV_8U, cv::Scalar(90)), 0.5);
  EXPECT_FALSE(gauge.growth({300, 150, 40, 32}, 0, {300, 150, 40, 32}));
}

TEST(ScaleGauge, SaysNothingAboutTimesItDoesNotKeep) {
  const Road road;
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  for (int i = 0; i <= 40; ++i) pictures.add(road.picture({300, 150, 40, 32}), i / 30.0);
  const cv::Rect2f box(300, 150, 40, 32);
  EXPECT_FALSE(gauge.growth(box, 0, box));
  EXPECT_FALSE(gauge.growth(box, 1.01, box)) << "no picture was taken then";
  EXPECT_TRUE(gauge.growth(box, 20 / 30.0, box));
}

TEST(ScaleGauge, SaysNothingOfBoxesThatReachBeyondThePicture) {
  const Road road;
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  pictures.add(road.picture({-10, 150, 40, 32}), 0);
  pictures.add(road.picture({-10, 150, 40, 32}), 0.5);
  EXPECT_FALSE(gauge.growth({-10, 150, 40, 32}, 0, {-10, 150, 40, 32}));
}

/// Follows from `then` to `now`, from a guess that is a little off.
std::optional<cv::Rect2f> followed(const cv::Rect2d& then, const cv::Rect2d& now) {
  const Road road;
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  pictures.add(road.picture(then, 1, 3), 0);
  pictures.add(road.picture(now, 1, 4), 0.1);
  cv::Rect2f guess(now);
  guess.x += 1 + 0.03F * guess.width;
  guess.width *= 1.1F;
  return gauge.follow(cv::Rect2f(then), 0, guess);
}

TEST(ScaleGauge, FollowsAVehicleFromTinyToNear) {
  for (const double width : {12.0, 20.0, 45.0, 110.0, 240.0}) {
    const cv::Rect2d now(301.3, 149.2, width * 1.05, width / 1.2 * 1.05);
    const auto box = followed({296, 153, width, width / 1.2}, now);
    ASSERT_TRUE(box) << width << " px";
    EXPECT_NEAR(box->x, now.x, 0.4 + 0.01 * width) << width << " px";
    EXPECT_NEAR(box->y, now.y, 0.4 + 0.01 * width) << width << " px";
    EXPECT_NEAR(box->width, now.width, 0.4 + 0.02 * width) << width << " px";
    EXPECT_NEAR(box->height, now.height, 0.4 + 0.02 * width) << width << " px";
  }
}

TEST(ScaleGauge, FollowsInPicturesThatAreWiderThanItLooksAt) {
  const Road road;
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  cv::Mat wide;
  cv::resize(road.picture({300, 150, 48, 40}), wide, {}, 2, 2, cv::INTER_LINEAR);
  pictures.add(wide, 0);
  cv::resize(road.picture({304, 152, 48, 40}), wide, {}, 2, 2, cv::INTER_LINEAR);
  pictures.add(wide, 0.1);
  const auto box = gauge.follow({600, 300, 96, 80}, 0, {602, 300, 96, 80});
  ASSERT_TRUE(box);
  EXPECT_NEAR(box->x, 608, 1);
  EXPECT_NEAR(box->y, 304, 1);
  EXPECT_NEAR(box->width, 96, 2);
}

TEST(ScaleGauge, FollowsNothingThatIsHiddenLeavesThePictureOrIsElsewhere) {
  const Road road;
  const cv::Rect2d here(300, 150, 48, 40);
  PictureHistory pictures;
  const ScaleGauge gauge(pictures);
  pictures.add(road.picture(here), 0);
  cv::Mat hidden = road.picture(here);
  texture({60, 60}, 5).copyTo(hidden(cv::Rect(290, 140, 60, 60)));
  pictures.add(hidden, 0.1);
  EXPECT_FALSE(gauge.follow(cv::Rect2f(here), 0, cv::Rect2f(here)));
  pictures.add(road.picture({340, 150, 48, 40}), 0.2);
  EXPECT_FALSE(gauge.follow(cv::Rect2f(here), 0, cv::Rect2f(here)));
  pictures.add(road.picture({-12, 150, 48, 40}), 0.3);
  EXPECT_FALSE(gauge.follow(cv::Rect2f(here), 0, {-12, 150, 48, 40}));
  EXPECT_FALSE(gauge.follow(cv::Rect2f(here), 0.15, cv::Rect2f(here))) << "no picture of then";
  EXPECT_FALSE(gauge.follow({-12, 150, 48, 40}, 0.3, {-12, 150, 48, 40})) << "not older";
}

}  // namespace
}  // namespace rearview
