#include "receive/decoder.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "tests/receive/decoding.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using test::picture_number;

TEST(Decoder, GivesEachPictureAtOnce) {
  for (const int threads : {1, 4}) {
    Decoding run;
    Decoder decoder(threads);
    std::vector<int> numbers;
    for (const auto& unit : test::make_access_units(25, with_slices(3))) {
      const auto before = numbers.size();
      decoder.decode(unit, static_cast<std::int64_t>(before), [&](Decoder::Picture picture) {
        numbers.push_back(picture_number(picture.planes.y).value_or(-1));
      });
      ASSERT_EQ(numbers.size(), before + 1);
      ASSERT_EQ(numbers.back(), static_cast<int>(before));
    }
    EXPECT_EQ(decoder.counts().pictures, 25U);
  }
}

TEST(Decoder, PlanesAreViewsOfTheRightSizeAndRange) {
  for (const bool full_range : {false, true}) {
    test::StreamOptions options;
    options.width = 318;
    options.height = 178;
    options.full_range = full_range;
    Decoder decoder(1);
    int pictures = 0;
    decoder.decode(test::TestEncoder(options).encode(5), 0, [&](Decoder::Picture picture) {
      ++pictures;
      const Planes& planes = picture.planes;
      EXPECT_EQ(planes.y.size(), cv::Size(318, 178));
      EXPECT_EQ(planes.u.size(), cv::Size(159, 89));
      EXPECT_EQ(planes.v.size(), cv::Size(159, 89));
      EXPECT_EQ(planes.full_range, full_range);
      EXPECT_TRUE(planes.owner);
      EXPECT_GE(planes.y.step[0], 318U);
      EXPECT_EQ(picture_number(planes.y), 5);
    });
    EXPECT_EQ(pictures, 1);
  }
}

TEST(Decoder, PicturesHaveTheColoursThatTheStreamSays) {
  for (const bool bt709 : {false, true}) {
    test::StreamOptions options;
    options.bt709 = bt709;
    options.blue_difference = 102;
    options.red_difference = 240;
    options.quantiser = 10;
    Decoder decoder(1);
    int pictures = 0;
    decoder.decode(test::TestEncoder(options).encode(5), 0, [&](Decoder::Picture picture) {
      ++pictures;
      const Planes& planes = picture.planes;
      EXPECT_EQ(planes.matrix, bt709 ? ColourMatrix::bt709 : ColourMatrix::bt601);
      // Of luma 200 with these differences, by the formulas of BT.709-6 and BT.601-7.
      const double green = cv::mean(Frame(planes).bgr(), planes.y == 200)[1];
      EXPECT_NEAR(green, bt709 ? 160.2 : 133.5, 3);
    });
    EXPECT_EQ(pictures, 1);
  }
}

TEST(Decoder, PicturesOutliveTheDecoder) {
  Planes kept;
  {
    Decoder decoder(1);
    decoder.decode(test::TestEncoder({}).encode(9), 0,
                   [&](Decoder::Picture picture) { kept = std::move(picture.planes); });
  }
  EXPECT_EQ(picture_number(kept.y), 9);
}

TEST(Decoder, OtherPixelFormatsAreConverted) {
  for (const char* format : {"yuv422p", "yuv444p", "yuv420p10le"}) {
    test::StreamOptions options;
    options.pixel_format = format;
    Decoder decoder(1);
    int pictures = 0;
    decoder.decode(test::TestEncoder(options).encode(77), 0, [&](Decoder::Picture picture) {
      ++pictures;
      EXPECT_EQ(picture.planes.y.type(), CV_8UC1) << format;
      EXPECT_EQ(picture.planes.u.size(), cv::Size(160, 96)) << format;
      EXPECT_EQ(picture_number(picture.planes.y), 77) << format;
    });
    EXPECT_EQ(pictures, 1) << format;
  }
}

TEST(Decoder, SizeMayChangeAtAnIdr) {
  auto units = test::make_access_units(5, with_slices(1));
  test::StreamOptions larger = with_slices(2);
  larger.width = 640;
  larger.height = 360;
  larger.first_number = 5;
  for (auto& unit : test::make_access_units(5, larger)) units.push_back(std::move(unit));
  Decoding run;
  run.decode_all(units);
  EXPECT_EQ(run.tags.size(), 10U);
  run.expect_only_right_pictures();
}

TEST(Decoder, HugeAndTinyPicturesAreRefused) {
  test::StreamOptions tiny;
  tiny.width = 16;
  tiny.height = 16;
  Decoding run;
  run.decode(test::TestEncoder(tiny).encode(0));
  EXPECT_TRUE(run.tags.empty());
  EXPECT_EQ(run.decoder.counts().corrupt, 1U);
  // SPS of 8192 x 4352, PPS, and an IDR slice.
  run.decode({0,    0,    0,    1,    0x67, 66,   0,    51,   0xda, 0x00, 0x20, 0x00,
              0x80, 0x80, 0x08, 0x80, 0x80, 0,    0,    0,    1,    0x68, 0xce, 0x38,
              0x80, 0,    0,    0,    1,    0x65, 0x88, 0x84, 0x21, 0xa0});
  EXPECT_TRUE(run.tags.empty());
  run.decode_all(test::make_access_units(2, {}));
  EXPECT_EQ(run.tags.size(), 2U) << "goes on with the next";
}

}  // namespace
}  // namespace rearview
