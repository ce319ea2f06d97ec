#include "camera/scene/raster.h"

#include <gtest/gtest.h>

namespace rearview::camera {
namespace {

View plain_view() {
  return View::looking_back({64, 48}, 90, {0, 0, 0}, 0, 0, 0);  // focal length 32 px
}

Corner corner(float x, float y, float z, Vec3 colour) {
  return {{x, y, z}, colour, 0, 0};
}

void square(Raster& raster, float left, float right, float z, Vec3 colour, std::uint8_t mark) {
  raster.quad(corner(left, -1, z, colour), corner(right, -1, z, colour),
              corner(right, 1, z, colour), corner(left, 1, z, colour), mark);
}

TEST(Raster, CoversExactlyThePixelsOfAProjectedSquare) {
  Raster raster;
  raster.begin(plain_view());
  square(raster, -0.5f, 0.5f, 4, {200, 100, 50}, 7);
  cv::Mat picture(48, 64, CV_8UC3, cv::Scalar::all(0));
  raster.render(picture);
  const Seen& seen = raster.seen(7);  // 32 / 4 = 8 px a metre around (32, 24)
  EXPECT_EQ(seen.left, 28);
  EXPECT_EQ(seen.right, 35);
  EXPECT_EQ(seen.top, 16);
  EXPECT_EQ(seen.bottom, 31);
  EXPECT_EQ(seen.pixels, 8 * 16);
  EXPECT_EQ(picture.at<cv::Vec3b>(24, 32), cv::Vec3b(50, 100, 200));
  EXPECT_EQ(picture.at<cv::Vec3b>(24, 27), cv::Vec3b(0, 0, 0));
}

TEST(Raster, TheNearerHidesTheFartherInAnyOrder) {
  for (const bool near_first : {true, false}) {
    Raster raster;
    raster.begin(plain_view());
    if (near_first) square(raster, -1, 1, 2, {255, 0, 0}, 1);
    square(raster, -1, 1, 3, {0, 255, 0}, 2);
    if (!near_first) square(raster, -1, 1, 2, {255, 0, 0}, 1);
    cv::Mat picture(48, 64, CV_8UC3, cv::Scalar::all(0));
    raster.render(picture);
    EXPECT_EQ(picture.at<cv::Vec3b>(24, 32), cv::Vec3b(0, 0, 255));
    EXPECT_FALSE(raster.seen(2).any());
    EXPECT_EQ(raster.mark_at(32, 24), 1);
  }
}

TEST(Raster, NeighbouringTrianglesLeaveNoGapAndNoOverlap) {
  Raster raster;
  raster.begin(plain_view());
  // A fan around an odd point, edges at all angles.
  const Corner middle = corner(0.13f, -0.07f, 3, {255, 255, 255});
  constexpr int kBlades = 17;
  for (int i = 0; i < kBlades; ++i) {
    const auto rim = [&](int k) {
      const float angle = 2 * kPi * static_cast<float>(k) / kBlades;
      return corner(6 * std::cos(angle), 6 * std::sin(angle), 3, {255, 255, 255});
    };
    raster.triangle(middle, rim(i), rim(i + 1), Raster::kScenery);
  }
  cv::Mat picture(48, 64, CV_8UC3, cv::Scalar::all(0));
  raster.render(picture);
  int dark = 0;
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) dark += picture.at<cv::Vec3b>(y, x)[0] < 255;
  }
  EXPECT_EQ(dark, 0);
}

TEST(Raster, WhatReachesBehindTheCameraIsCutNotFlipped) {
  Raster raster;
  raster.begin(plain_view());
  // A floor from far behind the camera to far before it.
  raster.quad(corner(-50, 1, -50, {9, 9, 9}), corner(50, 1, -50, {9, 9, 9}),
              corner(50, 1, 50, {9, 9, 9}), corner(-50, 1, 50, {9, 9, 9}), 3);
  cv::Mat picture(48, 64, CV_8UC3, cv::Scalar::all(0));
  raster.render(picture);
  EXPECT_EQ(raster.seen(3).top, 24);  // the horizon is at 24; the far edge half a pixel below
  EXPECT_EQ(raster.seen(3).bottom, 47);
}

TEST(Raster, HolesInATextureShowWhatIsBehind) {
  cv::Mat bgra(4, 4, CV_8UC4, cv::Scalar(10, 20, 30, 0));
  bgra(cv::Rect(0, 0, 2, 4)).setTo(cv::Scalar(10, 20, 30, 255));
  const Texture texture(bgra);
  Raster raster;
  raster.begin(plain_view());
  const Vec3 full{256, 256, 256};
  raster.quad({{-1, -1, 2}, full, 0, 0}, {{1, -1, 2}, full, 0.999f, 0},
              {{1, 1, 2}, full, 0.999f, 0.999f}, {{-1, 1, 2}, full, 0, 0.999f}, 5, &texture);
  cv::Mat picture(48, 64, CV_8UC3, cv::Scalar::all(99));
  raster.render(picture);
  EXPECT_EQ(picture.at<cv::Vec3b>(24, 22), cv::Vec3b(10, 20, 30));
  EXPECT_EQ(picture.at<cv::Vec3b>(24, 42), cv::Vec3b(99, 99, 99));
}

TEST(Texture, RefusesSidesThatAreNoPowersOfTwo) {
  EXPECT_THROW(Texture(cv::Mat(3, 4, CV_8UC4)), std::invalid_argument);
  EXPECT_THROW(Texture(cv::Mat(4, 4, CV_8UC3)), std::invalid_argument);
}

}  // namespace
}  // namespace rearview::camera
