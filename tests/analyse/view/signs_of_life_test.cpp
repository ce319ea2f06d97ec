#include "analyse/view/signs_of_life.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>

#include "tests/analyse/textured_road.h"

namespace rearview {
namespace {

const cv::Size kSize(640, 360);

cv::Mat scene(int shift) {
  static const cv::Mat wide = test::texture({2400, 360}, 11);
  return wide(cv::Rect(shift, 0, kSize.width, kSize.height)).clone();
}

cv::Mat with_noise(const cv::Mat& picture, double sigma, int n) {
  cv::Mat noise(picture.size(), CV_16SC1);
  cv::RNG random(static_cast<std::uint64_t>(n) + 1);
  random.fill(noise, cv::RNG::NORMAL, 0, sigma);
  cv::Mat out;
  cv::add(picture, noise, out, cv::noArray(), CV_8U);
  return out;
}

/// What an encoder makes of one picture: far from it once every two seconds, another error each
/// time, then nearer and nearer, blocks of 8x8 by turns.
cv::Mat encoded_again(const cv::Mat& picture, int n) {
  cv::Mat error(picture.size(), CV_8SC1);
  cv::RNG(static_cast<std::uint64_t>(n / 60) + 5).fill(error, cv::RNG::NORMAL, 0, 6);
  cv::Mat coded = picture.clone();
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const int turn = (x / 8 * 7 + y / 8 * 13) % 20;
      const int refined = std::min(2, (n % 60 + turn) / 20);
      const double left = std::array{1.0, 0.4, 0.1}[static_cast<std::size_t>(refined)];
      coded.at<std::uint8_t>(y, x) = cv::saturate_cast<std::uint8_t>(
          picture.at<std::uint8_t>(y, x) + left * error.at<std::int8_t>(y, x));
    }
  }
  return coded;
}

class Camera {
 public:
  /// Returns the longest silence of the last `judged_s`.
  double show(double seconds, const std::function<cv::Mat(int)>& picture, double judged_s) {
    double longest = 0;
    const int count = static_cast<int>(seconds * 30);
    for (int n = 0; n < count; ++n, t_s_ += 1.0 / 30) {
      const cv::Mat luma = picture(n);
      life_.see(luma, t_s_);
      if (n >= count - static_cast<int>(judged_s * 30))
        longest = std::max(longest, life_.silent_s());
    }
    return longest;
  }
  double silent_s() const { return life_.silent_s(); }

 private:
  SignsOfLife life_;
  double t_s_ = 0;
};

TEST(SignsOfLife, ARideLives) {
  Camera camera;
  EXPECT_LT(camera.show(
                4, [](int n) { return scene(5 * n); }, 3.5),
            0.3);
}

TEST(SignsOfLife, ASensorAtRestLivesByItsNoise) {
  for (const double sigma : {1.0, 2.0, 5.0}) {
    Camera camera;
    const double silent = camera.show(
        4, [sigma](int n) { return with_noise(scene(0), sigma, n); }, 3);
    EXPECT_LT(silent, 0.3) << "noise of " << sigma;
  }
}

TEST(SignsOfLife, TheSamePictureAgainIsSilent) {
  Camera camera;
  camera.show(
      1, [](int n) { return scene(5 * n); }, 1);
  camera.show(
      2, [](int) { return scene(150); }, 1);
  EXPECT_GT(camera.silent_s(), 1.9);
}

TEST(SignsOfLife, OnePictureEncodedAgainAndAgainIsSilent) {
  Camera camera;
  const cv::Mat picture = with_noise(scene(150), 3, 1);
  camera.show(
      2, [&](int n) { return encoded_again(picture, n); }, 1);
  EXPECT_GT(camera.show(
                8, [&](int n) { return encoded_again(picture, n); }, 0.1),
            6);
}

TEST(SignsOfLife, ARunningClockIsNoLife) {
  Camera camera;
  camera.show(
      4,
      [](int n) {
        cv::Mat picture = scene(0);
        cv::rectangle(picture, cv::Rect(16, 8, 300, 24), cv::Scalar(16), cv::FILLED);
        cv::putText(picture, "12:00:" + std::to_string(10 + n / 30) + "." + std::to_string(n % 30),
                    {20, 28}, cv::FONT_HERSHEY_SIMPLEX, 0.6, cv::Scalar(235));
        return picture;
      },
      1);
  EXPECT_GT(camera.silent_s(), 3.5);
}

TEST(SignsOfLife, PicturesInALoopAreNoLife) {
  Camera camera;
  camera.show(
      1, [](int n) { return scene(5 * n); }, 1);
  camera.show(
      3, [](int n) { return scene(150 + 5 * (n % 4)); }, 1);
  EXPECT_GT(camera.silent_s(), 2);
}

// An encoder that begins anew makes one picture unlike those of the loop.
TEST(SignsOfLife, AnIntraPictureDoesNotHideALoop) {
  Camera camera;
  camera.show(
      1, [](int n) { return scene(5 * n); }, 1);
  camera.show(
      4,
      [](int n) {
        cv::Mat picture = scene(150 + n % 4);
        if (n == 60) cv::GaussianBlur(picture, picture, {}, 6);
        return picture;
      },
      1);
  EXPECT_GT(camera.silent_s(), 3);
}

TEST(SignsOfLife, ARideThatStopsDeadIsNoLifeHoweverNoisy) {
  Camera camera;
  camera.show(
      2, [](int n) { return with_noise(scene(5 * n), 2, n); }, 1);
  camera.show(
      3, [](int n) { return with_noise(scene(300), 2, n); }, 1);
  EXPECT_GT(camera.silent_s(), 2);
  EXPECT_LT(camera.show(
                1, [](int n) { return with_noise(scene(300 + 5 * n), 2, n); }, 0.3),
            0.3)
      << "it moves again";
}

TEST(SignsOfLife, ARideThatBrakesLives) {
  Camera camera;
  camera.show(
      2, [](int n) { return with_noise(scene(5 * n), 2, n); }, 1);
  // 150 pixels a second down to nothing within two seconds.
  const auto braking = [](int n) {
    const double t = std::min(n / 30.0, 2.0);
    const auto gone = static_cast<float>(150 * (t - t * t / 4));
    cv::Mat between;
    cv::getRectSubPix(scene(300 + static_cast<int>(gone)), kSize,
                      {319.5F + gone - std::floor(gone), 179.5F}, between);
    return with_noise(between, 2, n);
  };
  EXPECT_LT(camera.show(5, braking, 5), 0.5);
}

TEST(SignsOfLife, SomebodyWhoWalksByIsLifeThoughNothingElseChanges) {
  Camera camera;
  const auto walker = [](int n) {
    cv::Mat picture = scene(0);
    cv::rectangle(picture, cv::Rect(100 + n, 150, 20, 60), cv::Scalar(20), cv::FILLED);
    return picture;
  };
  EXPECT_LT(camera.show(4, walker, 3.5), 1);
}

}  // namespace
}  // namespace rearview
