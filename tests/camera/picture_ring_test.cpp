#include "camera/stream/picture_ring.h"

#include <gtest/gtest.h>

#include "tests/camera/fake_pictures.h"

namespace rearview::camera {
namespace {

using test::FakePictures;

TEST(PictureRing, HoldsTheWholeGopHoweverLong) {
  PictureRing ring({1 << 20, 1.0});
  FakePictures pictures(1000, 100);
  for (int i = 0; i < 300; ++i) ring.push(pictures.next());
  EXPECT_EQ(ring.first_number(), 0U);
  EXPECT_EQ(ring.end_number(), 300U);
  EXPECT_EQ(ring.last_idr(), 0U);
}

TEST(PictureRing, LetsGoOfWhatIsOldAndNotNeeded) {
  PictureRing ring({1 << 20, 1.0});
  FakePictures pictures(60, 100);
  for (int i = 0; i < 600; ++i) ring.push(pictures.next());
  EXPECT_EQ(ring.last_idr(), 540U);
  EXPECT_LE(ring.first_number(), 540U);
  for (int i = 0; i < 2; ++i) ring.push(pictures.next());  // the IDR 600 and one more
  EXPECT_EQ(ring.last_idr(), 600U);
  // One second in front of the newest, since the IDR is younger.
  EXPECT_NEAR(static_cast<double>(ring.first_number()), 601 - 30, 1);
}

TEST(PictureRing, NeverHoldsMoreBytesThanAllowed) {
  PictureRing ring({10'000, 1.0});
  FakePictures pictures(50, 994);
  std::size_t most = 0;
  for (int i = 0; i < 40; ++i) {
    ring.push(pictures.next());
    most = std::max(most, ring.bytes());
  }
  EXPECT_LE(most, 10'000U);
  EXPECT_EQ(ring.end_number() - ring.first_number(), 10U);
  EXPECT_FALSE(ring.last_idr());  // it had to go
}

TEST(PictureRing, ThePictureThatIsTooLargeAloneIsStillHeld) {
  PictureRing ring({10, 1.0});
  FakePictures pictures(50, 1000);
  ring.push(pictures.next());
  EXPECT_EQ(ring.end_number() - ring.first_number(), 1U);
  EXPECT_EQ(ring.last_idr(), 0U);
}

}  // namespace
}  // namespace rearview::camera
