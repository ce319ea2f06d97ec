#include "analyse/scale_gauge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace rearview {
namespace {

/// Something with features of all sizes, seeded.
cv::Mat texture(cv::Size size, std::uint64_t seed, double contrast = 40) {
  cv::RNG random(seed);
  cv::Mat sum = cv::Mat::zeros(size, CV_32F);
  for (const double blur : {1.5, 4.0, 12.0}) {
    cv::Mat noise(size, CV_32F);
    random.fill(noise, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(noise, noise, {}, blur);
    cv::Scalar mean;
    cv::Scalar deviation;
    cv::meanStdDev(noise, mean, deviation);
    sum += (noise - mean[0]) / deviation[0] * contrast / 2;
  }
  sum += 120;
  cv::Mat bytes;
  sum.convertTo(bytes, CV_8U);
  return bytes;
}

/// A road with a textured vehicle in `box`, drawn at that size, and noise of its own.
class Road {
 public:
  cv::Mat picture(const cv::Rect2d& box, double gain = 1, std::uint64_t noise_seed = 1) const {
    cv::Mat road = ground_.clone();
    const double scale_x = box.width / vehicle_.cols;
    const double scale_y = box.height / vehicle_.rows;
    const cv::Matx23d map(scale_x, 0, box.x + 0.5 * scale_x - 0.5, 0, scale_y,
                          box.y + 0.5 * scale_y - 0.5);
    cv::Mat soft;
    cv::GaussianBlur(vehicle_, soft, {}, std::max(0.1, 0.4 / scale_x));
    cv::warpAffine(soft, road, map, road.size(), cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
    cv::Mat noise(road.size(), CV_16S);
    cv::RNG random(noise_seed);
    random.fill(noise, cv::RNG::NORMAL, 0, 3);
    cv::Mat noisy;
    road.convertTo(noisy, CV_16S, gain);
    noisy += noise;
    noisy.convertTo(noisy, CV_8U);
    return noisy;
  }

 private:
  cv::Mat ground_ = texture({640, 360}, 7, 15);
  cv::Mat vehicle_ = texture({180, 150}, 11);
};

/// A vehicle whose time to contact is `ttc_s` when its box is `width` wide, looked at `back_s` ago
/// and now; the boxes said are off by `error_px`.
std::optional<Estimate> measured(double width, double ttc_s, double back_s, float error_px = 0,
                                 double gain = 1) {
  const Road road;
  const double ratio = ttc_s / (ttc_s + back_s);
  const cv::Rect2d now(300, 150, width, width / 1.2);
  const cv::Rect2d then(296, 153, width * ratio, width / 1.2 * ratio);
  ScaleGauge gauge;
  gauge.add(road.picture(then, 1, 3), 10);
  gauge.add(road.picture(now, gain, 4), 10 + back_s);
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
  ScaleGauge gauge;
  gauge.add(texture({640, 360}, 1), 0);
  gauge.add(texture({640, 360}, 2), 0.5);
  EXPECT_FALSE(gauge.growth({300, 150, 40, 32}, 0, {300, 150, 40, 32}));
}

TEST(ScaleGauge, SaysNothingOfAPlainSurface) {
  ScaleGauge gauge;
  gauge.add(cv::Mat(360, 640, CV_8U, cv::Scalar(90)), 0);
  gauge.add(cv::Mat(360, 640, CV_8U, cv::Scalar(90)), 0.5);
  EXPECT_FALSE(gauge.growth({300, 150, 40, 32}, 0, {300, 150, 40, 32}));
}

TEST(ScaleGauge, SaysNothingAboutTimesItDoesNotKeep) {
  const Road road;
  ScaleGauge gauge;
  for (int i = 0; i <= 40; ++i) gauge.add(road.picture({300, 150, 40, 32}), i / 30.0);
  const cv::Rect2f box(300, 150, 40, 32);
  EXPECT_FALSE(gauge.growth(box, 0, box));
  EXPECT_FALSE(gauge.growth(box, 1.01, box)) << "no picture was taken then";
  EXPECT_TRUE(gauge.growth(box, 20 / 30.0, box));
}

TEST(ScaleGauge, SaysNothingOfBoxesThatReachBeyondThePicture) {
  const Road road;
  ScaleGauge gauge;
  gauge.add(road.picture({-10, 150, 40, 32}), 0);
  gauge.add(road.picture({-10, 150, 40, 32}), 0.5);
  EXPECT_FALSE(gauge.growth({-10, 150, 40, 32}, 0, {-10, 150, 40, 32}));
}

TEST(ScaleGauge, ForgetsPicturesOfAnotherSizeOrALaterTime) {
  const Road road;
  ScaleGauge gauge;
  const cv::Rect2f box(100, 100, 40, 32);
  gauge.add(road.picture(box), 5);
  gauge.add(road.picture(box)(cv::Rect(0, 0, 320, 180)), 5.5);
  EXPECT_FALSE(gauge.growth(box, 5, box));
  gauge.add(road.picture(box)(cv::Rect(0, 0, 320, 180)), 1);
  EXPECT_FALSE(gauge.growth(box, 5.5, box));
}

}  // namespace
}  // namespace rearview
