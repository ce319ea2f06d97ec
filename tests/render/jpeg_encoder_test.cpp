#include "render/jpeg_encoder.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

namespace rearview {
namespace {

cv::Mat decoded(const std::string& jpeg) {
  return cv::imdecode(std::vector<std::uint8_t>(jpeg.begin(), jpeg.end()), cv::IMREAD_COLOR);
}

TEST(JpegEncoder, KeepsSizeAndColourOrder) {
  JpegEncoder encoder(90);
  for (const cv::Size size : {cv::Size(640, 360), cv::Size(33, 17), cv::Size(1, 1)}) {
    const auto jpeg = encoder.encode(cv::Mat(size, CV_8UC3, cv::Scalar(200, 100, 20)));
    const cv::Mat back = decoded(*jpeg);
    ASSERT_EQ(back.size(), size);
    const auto pixel = back.at<cv::Vec3b>(0, 0);
    EXPECT_NEAR(pixel[0], 200, 6);
    EXPECT_NEAR(pixel[1], 100, 6);
    EXPECT_NEAR(pixel[2], 20, 6);
  }
}

TEST(JpegEncoder, ReadsRowsThatArePadded) {
  cv::Mat wide(32, 128, CV_8UC3, cv::Scalar(0, 0, 255));
  cv::Mat left = wide.colRange(0, 64);
  left.setTo(cv::Scalar(255, 255, 255));
  const cv::Mat back = decoded(*JpegEncoder(90).encode(left));
  ASSERT_EQ(back.cols, 64);
  EXPECT_GT(cv::mean(back)[0], 250);
}

TEST(JpegEncoder, QualityCostsBytes) {
  cv::Mat noise(360, 640, CV_8UC3);
  cv::theRNG().state = 1;
  cv::randu(noise, 0, 256);
  EXPECT_LT(JpegEncoder(30).encode(noise)->size(), JpegEncoder(90).encode(noise)->size());
}

}  // namespace
}  // namespace rearview
