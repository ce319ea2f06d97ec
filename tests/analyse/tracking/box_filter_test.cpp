#include "analyse/tracking/box_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace rearview {
namespace {

const cv::Size kFrame(640, 360);

cv::Rect2f about(double x, double y, double w, double h) {
  return {static_cast<float>(x - w / 2), static_cast<float>(y - h / 2), static_cast<float>(w),
          static_cast<float>(h)};
}

cv::Rect2f cut(const cv::Rect2f& box) {
  return box & cv::Rect2f({0, 0}, cv::Size2f(kFrame));
}

/// An even approach: the height grows by `growth` a second, relative.
BoxFilter approached(double fps, double growth, double seconds) {
  const auto box = [&](double t) {
    const double h = 20 * std::exp(growth * t);
    return about(320 + 20 * t, 180, 1.3 * h, h);
  };
  BoxFilter filter(box(0), kFrame);
  const int frames = static_cast<int>(std::lround(seconds * fps));
  for (int i = 1; i <= frames; ++i) {
    filter.predict(1 / fps);
    filter.correct(box(i / fps), 1);
  }
  return filter;
}

TEST(BoxFilter, LearnsGrowthWhateverTheFrameRate) {
  for (const double fps : {5.0, 10.0, 30.0, 60.0})
    EXPECT_NEAR(approached(fps, 0.4, 2).growth_per_s(), 0.4, 0.03) << fps;
}

TEST(BoxFilter, PredictionInOneStepOrManyIsTheSame) {
  BoxFilter once = approached(30, 0.4, 1);
  BoxFilter often = once;
  once.predict(0.5);
  for (int i = 0; i < 15; ++i) often.predict(0.5 / 15);
  EXPECT_NEAR(once.box().x, often.box().x, 0.01);
  EXPECT_NEAR(once.box().height, often.box().height, 0.01);
}

TEST(BoxFilter, TimeThatStandsStillChangesNothing) {
  BoxFilter filter = approached(30, 0.4, 1);
  const cv::Rect2f before = filter.box();
  filter.predict(0);
  filter.predict(-1);
  EXPECT_EQ(filter.box(), before);
}

TEST(BoxFilter, SmoothsNoise) {
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0, 2);
  BoxFilter filter(about(300, 200, 60, 40), kFrame);
  double error = 0;
  for (int i = 0; i < 300; ++i) {
    filter.predict(1 / 30.0);
    filter.correct(
        about(300 + noise(random), 200 + noise(random), 60 + noise(random), 40 + noise(random)), 1);
    if (i >= 30) error += std::abs(filter.box().x - 270);
  }
  EXPECT_LT(error / 270, 1.3);  // the noise itself: 0.8 * sqrt(2² + 1²) = 1.8
}

TEST(BoxFilter, KeepsTheWholeBoxOfAVehicleThatLeavesAtTheSide) {
  // 90 x 60 pixels, leaving to the left with 80 px/s: less and less of it is seen.
  BoxFilter filter(about(200, 200, 90, 60), kFrame);
  for (int i = 1; i <= 75; ++i) {
    const cv::Rect2f seen = cut(about(200 - 80 * i / 30.0, 200, 90, 60));
    filter.predict(1 / 30.0);
    filter.correct(seen, 1);
    EXPECT_NEAR(filter.box().width, 90, 9) << i;
    EXPECT_NEAR(filter.visible().br().x, seen.br().x, 6) << i;
  }
  EXPECT_NEAR(filter.box().x, 200 - 200 - 45, 12);
}

TEST(BoxFilter, AVehicleThatGrowsOutOfThePictureKeepsGrowing) {
  // Height and width double each second while the right border cuts more and more.
  const auto whole = [](double t) {
    const double h = 60 * std::exp2(t);
    return about(500 + 60 * t, 180, 1.5 * h, h);
  };
  BoxFilter filter(cut(whole(0)), kFrame);
  for (int i = 1; i <= 45; ++i) {
    filter.predict(1 / 30.0);
    filter.correct(cut(whole(i / 30.0)), 1);
  }
  EXPECT_NEAR(filter.growth_per_s(), std::log(2), 0.1);
  EXPECT_NEAR(filter.box().width / whole(1.5).width, 1, 0.15);
  EXPECT_NEAR(filter.visible().x, cut(whole(1.5)).x, 8);
}

TEST(BoxFilter, StaysFiniteHoweverLongItCoasts) {
  BoxFilter filter = approached(30, 2.0, 1);
  for (int i = 0; i < 1000; ++i) filter.predict(1);
  EXPECT_TRUE(std::isfinite(filter.box().area()));
  EXPECT_LE(filter.box().height, 3 * 360 + 1);
}

TEST(BoxFilter, TakesABoxOverTheWholePicture) {
  BoxFilter filter(about(320, 180, 640, 360), kFrame);
  for (int i = 0; i < 30; ++i) {
    filter.predict(1 / 30.0);
    filter.correct(about(320, 180, 640, 360), 1);
  }
  EXPECT_NEAR(filter.visible().area(), 640 * 360, 2000);
}

}  // namespace
}  // namespace rearview
