#include "camera/scene/scene.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "base/error.h"

namespace rearview::camera {
namespace {

const cv::Size kSize(320, 180);

cv::Mat picture_of(const SceneConfig& config, std::uint64_t n) {
  Scene scene(config, kSize, 30);
  cv::Mat bgr;
  scene.draw(n, bgr);
  return bgr;
}

bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

double mean_of(const cv::Mat& bgr) {
  const cv::Scalar m = cv::mean(bgr);
  return (m[0] + m[1] + m[2]) / 3;
}

TEST(Scene, TheSameSeedDrawsTheSamePictures) {
  for (const Light light : {Light::kDay, Light::kDusk, Light::kNight}) {
    SceneConfig config;
    config.light = light;
    config.traffic = 3;
    Scene one(config, kSize, 30);
    Scene other(config, kSize, 30);
    cv::Mat a;
    cv::Mat b;
    for (std::uint64_t n = 0; n < 400; n += 50) {
      one.draw(n, a);
      other.draw(n, b);
      ASSERT_EQ(a.type(), CV_8UC3);
      ASSERT_EQ(a.size(), kSize);
      ASSERT_TRUE(same(a, b)) << "frame " << n;
    }
    EXPECT_EQ(one.truth(), other.truth());
    config.seed = 2;
    EXPECT_FALSE(same(picture_of(config, 350), a));
  }
}

TEST(Scene, FramesLeftOutChangeNothingOfWhatComes) {
  SceneConfig config;
  Scene all(config, kSize, 30);
  cv::Mat a;
  for (std::uint64_t n = 0; n <= 90; ++n) all.draw(n, a);
  EXPECT_TRUE(same(a, picture_of(config, 90)));
}

TEST(Scene, TheSameFrameAgainIsTheSamePictureAndEarlierOnesAreRefused) {
  Scene scene(SceneConfig{}, kSize, 30);
  cv::Mat a;
  cv::Mat b;
  scene.draw(5, a);
  scene.draw(5, b);
  EXPECT_TRUE(same(a, b));
  EXPECT_THROW(scene.draw(4, a), std::invalid_argument);
}

TEST(Scene, AGapOfDaysIsNotDrivenThrough) {
  Scene scene(SceneConfig{}, kSize, 30);
  cv::Mat a;
  scene.draw(0, a);
  scene.draw(30ULL * 86400 * 365, a);  // would take hours to drive
  EXPECT_GT(mean_of(a), 40);
}

TEST(Scene, RefusesSizesAndRatesThatMakeNoPicture) {
  EXPECT_THROW(Scene(SceneConfig{}, cv::Size(16, 180), 30), UsageError);
  EXPECT_THROW(Scene(SceneConfig{}, cv::Size(320, 5000), 30), UsageError);
  EXPECT_THROW(Scene(SceneConfig{}, kSize, 0), UsageError);
  EXPECT_THROW(Scene(SceneConfig{}, kSize, 1000), UsageError);
}

TEST(Scene, NightIsDarkAndDuskBetween) {
  SceneConfig config;
  const double day = mean_of(picture_of(config, 10));
  config.light = Light::kDusk;
  const double dusk = mean_of(picture_of(config, 10));
  config.light = Light::kNight;
  const double night = mean_of(picture_of(config, 10));
  EXPECT_GT(day, dusk + 15);
  EXPECT_GT(dusk, night + 15);
  EXPECT_GT(day, 80);
  EXPECT_LT(night, 50);
}

TEST(Scene, EveryConfigurationDrawsAPicture) {
  for (const Light light : {Light::kDay, Light::kDusk, Light::kNight}) {
    for (const Weather weather : {Weather::kDry, Weather::kRain}) {
      for (const Surroundings surroundings : values<Surroundings>()) {
        for (const double radius : {0.0, -25.0}) {
          SceneConfig config;
          config.light = light;
          config.weather = weather;
          config.surroundings = surroundings;
          config.curve_radius_m = radius;
          config.shake = 5;
          config.hfov_deg = 120;
          config.pitch_deg = 12;
          config.bridge_every_m = 100;
          config.traffic = 5;
          config.bag = 0.4;
          config.drops = 40;
          const cv::Mat bgr = picture_of(config, 200);
          cv::Scalar mean;
          cv::Scalar spread;
          cv::meanStdDev(bgr, mean, spread);
          EXPECT_GT(spread[1], 3);
        }
      }
    }
  }
}

/// What hangs on the bicycle stays where it is, and the road beside it goes by.
TEST(Scene, ABagKeepsItsPlaceInThePicture) {
  SceneConfig config;
  config.traffic = 0;
  config.noise = 0;
  const cv::Mat bare = picture_of(config, 30);
  config.bag = 0.3;
  Scene scene(config, kSize, 30);
  cv::Mat a;
  cv::Mat b;
  scene.draw(30, a);
  scene.draw(60, b);
  const cv::Rect bag(110, 140, 100, 30);
  const cv::Rect above(0, 0, kSize.width, 110);
  EXPECT_GT(cv::norm(a(bag), bare(bag), cv::NORM_L1), 30.0 * bag.area());
  EXPECT_TRUE(same(a(above), bare(above)));
  cv::Mat where;
  cv::matchTemplate(b(bag + cv::Size(40, 30) - cv::Point(20, 20)), a(bag), where,
                    cv::TM_CCOEFF_NORMED);
  double most = 0;
  cv::minMaxLoc(where, nullptr, &most);
  EXPECT_GT(most, 0.95);
}

/// A drop shows the road, but in another place, so nothing behind it can be found there.
TEST(Scene, DropsStandOnTheLens) {
  SceneConfig config;
  config.traffic = 0;
  config.noise = 0;
  const cv::Mat bare = picture_of(config, 30);
  config.drops = 20;
  Scene scene(config, kSize, 30);
  cv::Mat a;
  scene.draw(30, a);
  cv::Mat differs;
  cv::absdiff(a, bare, differs);
  cv::cvtColor(differs, differs, cv::COLOR_BGR2GRAY);
  const double share = cv::countNonZero(differs > 3) / static_cast<double>(kSize.area());
  EXPECT_GT(share, 0.003);
  EXPECT_LT(share, 0.2);
}

/// The road's own motion, by the shift of a strip of asphalt that fits best.
TEST(Scene, TheRoadFlowsAwayFromAMovingCameraAndRestsUnderAStandingOne) {
  SceneConfig config;
  config.traffic = 0;
  config.shake = 0;
  config.noise = 0;
  config.avenue = 0;
  config.bridge_every_m = 0;
  config.winding = 0;
  config.speed_mps = 0;
  {
    Scene scene(config, kSize, 30);
    cv::Mat a;
    cv::Mat b;
    scene.draw(0, a);
    scene.draw(1, b);
    EXPECT_TRUE(same(a, b));
  }
  config.speed_mps = 0.6;
  Scene scene(config, {640, 360}, 30);
  cv::Mat a;
  cv::Mat b;
  scene.draw(30, a);
  scene.draw(31, b);
  cv::cvtColor(a, a, cv::COLOR_BGR2GRAY);
  cv::cvtColor(b, b, cv::COLOR_BGR2GRAY);
  // A patch of road before the wheel: it must be found again higher up, nearer to the horizon.
  const cv::Rect patch(290, 310, 60, 24);
  cv::Mat score;
  cv::matchTemplate(b(cv::Rect(280, 290, 80, 60)), a(patch), score, cv::TM_CCOEFF_NORMED);
  cv::Point best;
  double most = 0;
  cv::minMaxLoc(score, nullptr, &most, nullptr, &best);
  EXPECT_GT(most, 0.5);  // chance gives about 0.1
  EXPECT_LT(290 + best.y, patch.y);
  EXPECT_GE(290 + best.y, patch.y - 12);
}

}  // namespace
}  // namespace rearview::camera
