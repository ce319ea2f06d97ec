#include "analyse/looming/light_pairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>

#include "analyse/common/boxes.h"

namespace rearview {
namespace {

constexpr double kHorizon_px = 160;
constexpr double kFocal_px = 500;
const cv::Rect kAll(0, 0, 640, 360);

cv::Mat night() {
  return {360, 640, CV_8UC1, cv::Scalar(20)};
}

void lamp(cv::Mat& picture, cv::Point2d at, double radius) {
  constexpr int kShift = 4;
  cv::circle(picture, cv::Point(cvRound(at.x * 16), cvRound(at.y * 16)), cvRound(radius * 16),
             cv::Scalar(235), -1, cv::LINE_AA, kShift);
}

/// Lamps 1.4 m apart and 0.65 m up, seen from 0.9 m.
void headlights(cv::Mat& picture, double ahead_m, double right_m) {
  const double scale = kFocal_px / ahead_m;
  for (const double side : {-0.7, 0.7})
    lamp(picture, {320 + (right_m + side) * scale, kHorizon_px + 0.25 * scale},
         std::max(1.2, 0.12 * scale));
}

std::vector<LightPair> shown(const std::function<void(cv::Mat&, double)>& draw, double until_s) {
  LightPairs lights;
  for (double t = 0; t < until_s; t += 1.0 / 30) {
    cv::Mat picture = night();
    draw(picture, t);
    lights.update(picture, t, kAll, kHorizon_px);
  }
  return lights.pairs();
}

TEST(LightPairs, MeasuresTheGrowthOfApproachingHeadlights) {
  const auto pairs =
      shown([](cv::Mat& picture, double t) { headlights(picture, 60 - 10 * t, 1.5); }, 3.5);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_NEAR(pairs[0].growth, 10 / 25.0, 0.06);
  EXPECT_LT(pairs[0].growth_sigma, 0.1);
  const double scale = kFocal_px / 25.3;
  const cv::Rect2f car(static_cast<float>(320 + 0.6 * scale),
                       static_cast<float>(kHorizon_px - 0.6 * scale),
                       static_cast<float>(1.8 * scale), static_cast<float>(1.5 * scale));
  EXPECT_GT(iou(cv::Rect2f(pairs[0].box()), car), 0.6F);
}

TEST(LightPairs, LightsThatStayDoNotGrow) {
  const auto pairs = shown([](cv::Mat& picture, double) { headlights(picture, 25, -2); }, 4);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_LT(std::abs(pairs[0].growth), 0.02);
}

TEST(LightPairs, StreetLampsHangAboveTheHorizon) {
  const auto pairs = shown(
      [](cv::Mat& picture, double t) {
        lamp(picture, {280 - 20 * t, 100}, 3);
        lamp(picture, {360 + 20 * t, 100}, 3);
      },
      4);
  EXPECT_TRUE(pairs.empty());
}

TEST(LightPairs, OneLampAndLampsOfDifferentHeightAreNoPair) {
  const auto pairs = shown(
      [](cv::Mat& picture, double) {
        lamp(picture, {200, 190}, 4);
        lamp(picture, {240, 230}, 4);
      },
      4);
  EXPECT_TRUE(pairs.empty());
}

TEST(LightPairs, ByDayNothingIsALamp) {
  LightPairs lights;
  for (double t = 0; t < 4; t += 1.0 / 30) {
    cv::Mat picture(360, 640, CV_8UC1, cv::Scalar(120));
    headlights(picture, 25, 0);
    lights.update(picture, t, kAll, kHorizon_px);
  }
  EXPECT_TRUE(lights.pairs().empty());
}

}  // namespace
}  // namespace rearview
