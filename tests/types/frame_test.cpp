#include "types/frame.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace rearview {
namespace {

Planes flat(int width, int height, int y, int u, int v, bool full_range) {
  const cv::Size chroma((width + 1) / 2, (height + 1) / 2);
  Planes planes;
  planes.y = cv::Mat(height, width, CV_8UC1, cv::Scalar(y));
  planes.u = cv::Mat(chroma, CV_8UC1, cv::Scalar(u));
  planes.v = cv::Mat(chroma, CV_8UC1, cv::Scalar(v));
  planes.full_range = full_range;
  return planes;
}

struct Colour {
  const char* name;
  int y, u, v;
  bool full_range;
  cv::Vec3i bgr;
};

// ITU-R BT.601: white, black and saturated red in both ranges.
const Colour kColours[] = {
    {"limited white", 235, 128, 128, false, {255, 255, 255}},
    {"limited black", 16, 128, 128, false, {0, 0, 0}},
    {"limited red", 81, 90, 240, false, {0, 0, 255}},
    {"full white", 255, 128, 128, true, {255, 255, 255}},
    {"full dark grey", 16, 128, 128, true, {16, 16, 16}},
    {"full red", 76, 85, 255, true, {0, 0, 255}},
};

TEST(Frame, ConvertsBothRangesAtEvenAndOddSizes) {
  for (const Colour& colour : kColours) {
    for (const cv::Size size : {cv::Size(64, 36), cv::Size(33, 17), cv::Size(62, 34)}) {
      const Frame frame(
          flat(size.width, size.height, colour.y, colour.u, colour.v, colour.full_range));
      ASSERT_EQ(frame.bgr().size(), size);
      const auto pixel = frame.bgr().at<cv::Vec3b>(size.height / 2, size.width / 2);
      for (int c = 0; c < 3; ++c) EXPECT_NEAR(pixel[c], colour.bgr[c], 3) << colour.name << size;
    }
  }
}

TEST(Frame, ConvertsByTheMatrixOfTheStream) {
  // Saturated red and green of limited range, by ITU-R BT.709-6 and BT.2020-2.
  struct OfMatrix {
    ColourMatrix matrix;
    int y, u, v;
    cv::Vec3i bgr;
  };
  for (const OfMatrix& colour : {OfMatrix{ColourMatrix::bt709, 63, 102, 240, {0, 0, 255}},
                                 OfMatrix{ColourMatrix::bt709, 173, 42, 26, {0, 255, 0}},
                                 OfMatrix{ColourMatrix::bt2020, 74, 97, 240, {0, 0, 255}},
                                 OfMatrix{ColourMatrix::bt601, 81, 90, 240, {0, 0, 255}}}) {
    Planes planes = flat(64, 36, colour.y, colour.u, colour.v, false);
    planes.matrix = colour.matrix;
    const auto pixel = to_bgr(planes).at<cv::Vec3b>(18, 32);
    for (int c = 0; c < 3; ++c)
      EXPECT_NEAR(pixel[c], colour.bgr[c], 3) << static_cast<int>(colour.matrix);
  }
}

TEST(Frame, ReadsPlanesWhoseRowsArePadded) {
  cv::Mat wide(36, 128, CV_8UC1, cv::Scalar(0));
  Planes planes = flat(64, 36, 235, 128, 128, false);
  planes.y.copyTo(wide.colRange(0, 64));
  planes.y = wide.colRange(0, 64);
  const Frame frame(planes);
  EXPECT_EQ(cv::mean(frame.bgr())[0], 255);
}

TEST(Frame, MakesBgrOnce) {
  const Frame frame(flat(64, 36, 100, 128, 128, false));
  EXPECT_EQ(frame.bgr().data, frame.bgr().data);
  EXPECT_EQ(frame.luma().data, frame.planes().y.data);
}

}  // namespace
}  // namespace rearview
