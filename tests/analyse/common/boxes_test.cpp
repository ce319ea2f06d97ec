#include "analyse/common/boxes.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(Boxes, OverlapAsTheShareOfBothAndOfTheSmaller) {
  const cv::Rect2f large(0, 0, 10, 10);
  const cv::Rect2f small(5, 0, 5, 10);
  EXPECT_FLOAT_EQ(iou(large, small), 0.5F);
  EXPECT_FLOAT_EQ(cover(large, small), 1);
  EXPECT_FLOAT_EQ(iou(large, {20, 0, 5, 5}), 0);
  EXPECT_FLOAT_EQ(cover(large, {20, 0, 5, 5}), 0);
  EXPECT_FLOAT_EQ(iou({}, {}), 0);
  EXPECT_FLOAT_EQ(cover({}, {}), 0);
}

}  // namespace
}  // namespace rearview
