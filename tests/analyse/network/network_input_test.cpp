#include "analyse/network/network_input.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "tests/analyse/frames.h"

namespace rearview {
namespace {

const cv::Rect2d kAll(0, 0, 1, 1);

float at(const NetworkInput& input, int channel, int y, int x) {
  return input.blob().ptr<float>(0, channel, y)[x];
}

TEST(NetworkInput, FitsTheWidePictureAtTheTopAndPadsBelow) {
  NetworkInput input({.size = {416, 256}}, kAll);
  input.fill(test::flat_planes({640, 360}, 235));
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(at(input, c, 0, 0), 255);
    EXPECT_EQ(at(input, c, 233, 415), 255);
    EXPECT_EQ(at(input, c, 234, 0), 114);
    EXPECT_EQ(at(input, c, 255, 415), 114);
  }
}

TEST(NetworkInput, BoxesComeBackInPixelsOfTheFrame) {
  NetworkInput input({.size = {416, 256}}, kAll);
  input.fill(test::flat_planes({640, 360}, 100));
  const cv::Rect2f box = input.to_frame({0, 0, 416, 234});
  EXPECT_NEAR(box.width, 640, 0.01);
  EXPECT_NEAR(box.height, 360, 0.01);
}

TEST(NetworkInput, StretchesWhereTheNetworkWantsIt) {
  NetworkInput input({.size = {352, 352}, .keep_aspect = false}, kAll);
  input.fill(test::flat_planes({640, 360}, 235));
  EXPECT_EQ(at(input, 0, 351, 351), 255);
  const cv::Rect2f box = input.to_frame({176, 176, 176, 176});
  EXPECT_NEAR(box.x, 320, 0.01);
  EXPECT_NEAR(box.y, 180, 0.01);
  EXPECT_NEAR(box.br().x, 640, 0.01);
  EXPECT_NEAR(box.br().y, 360, 0.01);
}

TEST(NetworkInput, ColoursAgreeWithTheFullPicture) {
  for (const auto& [full_range, matrix] :
       {std::pair(false, ColourMatrix::bt601), std::pair(true, ColourMatrix::bt601),
        std::pair(false, ColourMatrix::bt709), std::pair(true, ColourMatrix::bt709)}) {
    Planes planes = test::flat_planes({640, 360}, 120, 90, 170);
    planes.full_range = full_range;
    planes.matrix = matrix;
    const cv::Vec3b want = Frame(planes).bgr().at<cv::Vec3b>(100, 100);
    NetworkInput blue_first({.size = {320, 192}}, kAll);
    NetworkInput red_first({.size = {320, 192}, .rgb = true}, kAll);
    blue_first.fill(planes);
    red_first.fill(planes);
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(at(blue_first, c, 50, 50), want[c], 3) << c;
      EXPECT_NEAR(at(red_first, 2 - c, 50, 50), want[c], 3) << c;
    }
  }
}

TEST(NetworkInput, NormalisesPictureAndPaddingAlike) {
  NetworkInput input({.size = {416, 256}, .mean = {10, 20, 30}, .scale = {0.5F, 0.25F, 0.125F}},
                     kAll);
  input.fill(test::flat_planes({640, 360}, 235));
  EXPECT_FLOAT_EQ(at(input, 0, 0, 0), (255 - 10) * 0.5F);
  EXPECT_FLOAT_EQ(at(input, 2, 0, 0), (255 - 30) * 0.125F);
  EXPECT_FLOAT_EQ(at(input, 1, 250, 0), (114 - 20) * 0.25F);
}

TEST(NetworkInput, ShowsOnlyTheRegion) {
  Planes planes = test::flat_planes({640, 360}, 16);
  planes.y(cv::Rect(160, 90, 320, 180)).setTo(235);
  NetworkInput input({.size = {416, 256}}, {0.25, 0.25, 0.5, 0.5});
  input.fill(planes);
  EXPECT_EQ(input.shown(), cv::Rect(160, 90, 320, 180));
  EXPECT_EQ(at(input, 0, 2, 2), 255);
  EXPECT_EQ(at(input, 0, 230, 412), 255);
  const cv::Rect2f box = input.to_frame({0, 0, 416, 234});
  EXPECT_NEAR(box.x, 160, 0.01);
  EXPECT_NEAR(box.br().y, 270, 0.01);
}

TEST(NetworkInput, TakesAnySizeAndAChangeOfSize) {
  NetworkInput input({.size = {416, 256}}, kAll);
  for (const cv::Size size : {cv::Size(640, 360), cv::Size(1921, 1081), cv::Size(64, 512),
                              cv::Size(1, 1), cv::Size(3, 2), cv::Size(640, 360)}) {
    input.fill(test::flat_planes(size, 235));
    EXPECT_EQ(at(input, 0, 0, 0), 255) << size;
    const cv::Rect2f all = input.to_frame({0, 0, 416, 256});
    EXPECT_GE(all.width + 0.5F, static_cast<float>(size.width)) << size;
    EXPECT_GE(all.height + 0.5F, static_cast<float>(size.height)) << size;
  }
  EXPECT_EQ(at(input, 0, 240, 0), 114) << "the padding is left over from another size";
}

TEST(NetworkInput, LeavesThePlanesAlone) {
  const Planes planes = test::flat_planes({640, 360}, 77, 50, 200);
  NetworkInput input({.size = {416, 256}}, kAll);
  input.fill(planes);
  EXPECT_EQ(cv::countNonZero(planes.y != 77), 0);
  EXPECT_EQ(cv::countNonZero(planes.u != 50), 0);
  EXPECT_EQ(cv::countNonZero(planes.v != 200), 0);
}

}  // namespace
}  // namespace rearview
