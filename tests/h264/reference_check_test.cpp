#include "h264/reference_check.h"

#include <gtest/gtest.h>

#include "tests/support/crafted_stream.h"

namespace rearview::h264 {
namespace {

using test::CraftedStream;

class Begun : public ::testing::Test {
 protected:
  Begun() {
    check_.push(CraftedStream::sps());
    check_.push(CraftedStream::pps());
    check_.push(CraftedStream::idr(0));
  }
  bool gap(const CraftedStream::Slice& slice) {
    return check_.push(CraftedStream::picture(slice)).gap;
  }
  ReferenceCheck check_;
};

TEST_F(Begun, ANumberLeftOutIsAGap) {
  EXPECT_FALSE(gap({.frame_num = 1}));
  EXPECT_FALSE(gap({.frame_num = 2, .reference = false}));
  EXPECT_FALSE(gap({.frame_num = 2}));
  EXPECT_TRUE(gap({.frame_num = 4}));
  EXPECT_FALSE(gap({.frame_num = 5}));
}

// ITU-T H.264, 7.4.3: behind operation 5 the picture that held it counts as number 0.
TEST_F(Begun, OperationFiveLetsTheNumbersBeginAgain) {
  for (unsigned n = 1; n < 7; ++n) ASSERT_FALSE(gap({.frame_num = n}));
  EXPECT_FALSE(gap({.frame_num = 7, .resets = true}));
  EXPECT_FALSE(gap({.frame_num = 1}));
  EXPECT_TRUE(gap({.frame_num = 3}));
}

TEST_F(Begun, BehindOperationFiveTheOldNumberIsAGap) {
  EXPECT_FALSE(gap({.frame_num = 1}));
  EXPECT_FALSE(gap({.frame_num = 2}));
  EXPECT_FALSE(gap({.frame_num = 3, .resets = true}));
  EXPECT_TRUE(gap({.frame_num = 4}));
}

}  // namespace
}  // namespace rearview::h264
