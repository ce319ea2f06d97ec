#include "receive/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <random>

#include "h264/annexb_splitter.h"
#include "tests/support/crafted_stream.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::picture_number;

// Decodes and keeps what came out.
struct Decoding {
  Decoder decoder{1};
  std::vector<std::int64_t> tags;
  std::vector<std::int64_t> places;
  std::vector<std::optional<int>> numbers;
  std::int64_t next_tag = 0;

  Decoder::Sink sink() {
    return [this](Decoder::Picture picture) {
      tags.push_back(picture.tag);
      places.push_back(picture.place);
      numbers.push_back(picture_number(picture.planes.y));
    };
  }
  void decode(const Bytes& unit) { decoder.decode(unit, next_tag++, sink()); }
  void decode_all(const std::vector<Bytes>& units) {
    for (const auto& unit : units) decode(unit);
  }
  std::uint64_t accounted() const {
    const DecoderCounts& c = decoder.counts();
    return c.pictures + c.corrupt + c.missing_reference + c.waiting;
  }
  // Every picture given out is the whole picture of its access unit.
  void expect_only_right_pictures() const {
    for (std::size_t i = 0; i < tags.size(); ++i)
      EXPECT_EQ(numbers[i], static_cast<int>(tags[i])) << "picture " << i;
  }
};

test::StreamOptions with_slices(int slices) {
  test::StreamOptions options;
  options.slices = slices;
  options.noise = 30;
  return options;
}

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

TEST(Decoder, BeginsAtTheNextIdrWhenItJoinsInTheMiddle) {
  auto units = test::make_access_units(25, with_slices(1));
  Decoding run;
  run.next_tag = 4;
  units.erase(units.begin(), units.begin() + 4);
  run.decode_all(units);
  ASSERT_EQ(run.tags.size(), 15U);
  EXPECT_EQ(run.tags.front(), 10);
  run.expect_only_right_pictures();
  EXPECT_EQ(run.decoder.counts().waiting, 6U);
}

TEST(Decoder, ALostPictureIsNoticedThoughLibavcodecCoversItUp) {
  auto units = test::make_access_units(25, with_slices(1));
  Decoding run;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (i == 13)
      ++run.next_tag;
    else
      run.decode(units[i]);
  }
  run.expect_only_right_pictures();
  EXPECT_EQ(run.tags.size(), 13U + 5U);
  EXPECT_EQ(run.decoder.counts().missing_reference, 1U);
  EXPECT_EQ(run.decoder.counts().waiting, 5U);
}

// Cut anywhere, a picture must not be shown, nor what refers to it.
TEST(Decoder, ATruncatedPictureIsNeverShown) {
  for (const int slices : {1, 3}) {
    auto options = with_slices(slices);
    options.delimiters = test::Delimiters::none;
    const auto units = test::make_access_units(12, options);
    for (const std::size_t victim : {std::size_t{0}, std::size_t{4}}) {
      const std::size_t size = units[victim].size();
      for (std::size_t keep = size / 20; keep < size - 3; keep += size / 20 + 1) {
        Decoding run;
        for (std::size_t i = 0; i < units.size(); ++i) {
          Bytes unit = units[i];
          if (i == victim) unit.resize(keep);
          run.decode(unit);
        }
        run.expect_only_right_pictures();
        const auto good_before = static_cast<std::uint64_t>(victim);
        EXPECT_EQ(run.tags.size(), good_before + 2) << slices << ' ' << victim << ' ' << keep;
        EXPECT_EQ(run.accounted(), 12U);
        EXPECT_GE(run.decoder.counts().corrupt + run.decoder.counts().waiting, 10U - victim);
      }
    }
  }
}

TEST(Decoder, AMissingSliceIsNeverConcealed) {
  auto options = with_slices(3);
  options.delimiters = test::Delimiters::none;
  const auto units = test::make_access_units(12, options);
  for (int dropped = 0; dropped < 3; ++dropped) {
    for (const std::size_t victim : {std::size_t{0}, std::size_t{4}}) {
      Decoding run;
      for (std::size_t i = 0; i < units.size(); ++i) {
        Bytes unit = units[i];
        if (i == victim) {
          unit.clear();
          int slice = 0;
          const auto keep = [&](const h264::NalUnit& nal) {
            if (h264::is_slice(nal.type()) && slice++ == dropped) return;
            unit.insert(unit.end(), nal.bytes.begin(), nal.bytes.end());
          };
          h264::AnnexBSplitter splitter;
          splitter.push(units[i], keep);
          splitter.flush(keep);
        }
        run.decode(unit);
      }
      run.expect_only_right_pictures();
      EXPECT_EQ(run.tags.size(), victim + 2) << dropped << ' ' << victim;
      EXPECT_EQ(run.accounted(), 12U);
    }
  }
}

/// From somewhere in its first half on, anything but what it was.
Bytes overwritten(Bytes unit, std::mt19937& random) {
  const std::size_t at = 10 + random() % (unit.size() / 2);
  for (std::size_t n = at; n < unit.size() - 8; ++n)
    unit[n] = static_cast<std::uint8_t>(1 + random() % 255);
  return unit;
}

TEST(Decoder, OverwrittenBytesAreNeverShown) {
  const auto units = test::make_access_units(12, with_slices(1));
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    Decoding run;
    for (std::size_t i = 0; i < units.size(); ++i)
      run.decode(i == 4 ? overwritten(units[i], random) : units[i]);
    run.expect_only_right_pictures();
    EXPECT_EQ(run.accounted(), 12U);
    EXPECT_EQ(run.tags.size(), 6U) << round;
    EXPECT_EQ(run.decoder.counts().corrupt, 1U) << round;
  }
}

// CABAC can't tell every error, but whatever happens is accounted for and ends at the next IDR.
TEST(Decoder, OverwrittenBytesInCabacAreAccountedFor) {
  test::StreamOptions options = with_slices(1);
  options.preset = "veryfast";
  const auto units = test::make_access_units(12, options);
  std::mt19937 random(6);
  int noticed = 0;
  for (int round = 0; round < 60; ++round) {
    Decoding run;
    for (std::size_t i = 0; i < units.size(); ++i)
      run.decode(i == 4 ? overwritten(units[i], random) : units[i]);
    EXPECT_EQ(run.accounted(), 12U);
    EXPECT_EQ(run.numbers.back(), 11);
    noticed += run.tags.size() == 6 ? 1 : 0;
  }
  EXPECT_GT(noticed, 55);
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

TEST(Decoder, NoMoreAreHeldBackThanTheNewestParameterSetsAskFor) {
  test::StreamOptions reordered;
  reordered.b_frames = 2;
  test::StreamOptions plain;
  plain.first_number = 10;
  Decoding run;
  run.decode_all(test::make_access_units(10, reordered));
  ASSERT_LT(run.tags.size(), 10U);
  for (const auto& unit : test::make_access_units(10, plain)) {
    run.decode(unit);
    ASSERT_EQ(run.tags.size(), static_cast<std::size_t>(run.next_tag));
    EXPECT_EQ(run.numbers.back(), static_cast<int>(run.next_tag) - 1);
  }
  EXPECT_EQ(run.accounted(), 20U);
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

TEST(Decoder, ReorderedPicturesComeInOrderOfDisplay) {
  test::StreamOptions options;
  options.b_frames = 2;
  options.gop = 30;
  Decoding run;
  run.decode_all(test::make_access_units(30, options));
  run.decoder.finish(run.sink());
  ASSERT_EQ(run.numbers.size(), 30U);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(run.numbers[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(run.places[static_cast<std::size_t>(i)], i);
  }
  EXPECT_NE(run.tags, run.places);
  EXPECT_EQ(run.accounted(), 30U);
}

TEST(Decoder, PlacesAreRightAgainBehindALossAmongReorderedPictures) {
  test::StreamOptions options;
  options.b_frames = 2;
  options.gop = 15;
  auto units = test::make_access_units(45, options);
  units[8].resize(units[8].size() / 2);
  Decoding run;
  run.decode_all(units);
  run.decoder.finish(run.sink());
  ASSERT_GE(run.places.size(), 30U);
  for (std::size_t i = run.places.size() - 30; i < run.places.size(); ++i)
    EXPECT_EQ(run.numbers[i], static_cast<int>(run.places[i]));
  EXPECT_EQ(run.accounted(), 45U);
}

TEST(Decoder, AStreamWithoutIdrsIsJoinedAtARecoveryPoint) {
  test::StreamOptions options = with_slices(1);
  options.intra_refresh = true;
  options.gop = 12;
  auto units = test::make_access_units(60, options);
  Decoding run;
  run.next_tag = 3;
  units.erase(units.begin(), units.begin() + 3);
  run.decode_all(units);
  EXPECT_GT(run.tags.size(), 20U);
  run.expect_only_right_pictures();
  EXPECT_EQ(run.accounted(), 57U);
}

// The parameter sets of a stream, as one piece, and its access units without any.
struct Stripped {
  Bytes sets;
  std::vector<Bytes> units;
};

Stripped stripped(const std::vector<Bytes>& units) {
  Stripped out;
  for (const auto& unit : units) {
    Bytes& rest = out.units.emplace_back();
    const auto sort = [&](const h264::NalUnit& nal) {
      const bool set = nal.type() == h264::NalType::sps || nal.type() == h264::NalType::pps;
      if (set && out.units.size() > 1) return;
      Bytes& target = set ? out.sets : rest;
      target.insert(target.end(), nal.bytes.begin(), nal.bytes.end());
    };
    h264::AnnexBSplitter splitter;
    splitter.push(unit, sort);
    splitter.flush(sort);
  }
  return out;
}

// A server that sends stored headers at joining, then goes on in the middle of a GOP.
TEST(Decoder, ParameterSetsInASkippedAccessUnitReachTheNextEntry) {
  auto made = stripped(test::make_access_units(25, with_slices(1)));
  Decoding run;
  run.next_tag = 4;
  made.units.erase(made.units.begin(), made.units.begin() + 4);
  made.units.front().insert(made.units.front().begin(), made.sets.begin(), made.sets.end());
  run.decode_all(made.units);
  EXPECT_EQ(run.tags.size(), 15U);
  run.expect_only_right_pictures();
  EXPECT_EQ(run.decoder.counts().waiting, 6U);
}

// The same where they come with the picture in front of which something was lost.
TEST(Decoder, ParameterSetsBehindAGapReachTheNextEntry) {
  auto made = stripped(test::make_access_units(25, with_slices(1)));
  test::StreamOptions larger = with_slices(1);
  larger.width = 640;
  larger.first_number = 25;
  const auto next = stripped(test::make_access_units(5, larger));
  made.units.front().insert(made.units.front().begin(), made.sets.begin(), made.sets.end());
  made.units.back().insert(made.units.back().begin(), next.sets.begin(), next.sets.end());
  made.units.insert(made.units.end(), next.units.begin(), next.units.end());
  Decoding run;
  for (std::size_t i = 0; i < made.units.size(); ++i) {
    if (i == 23)
      ++run.next_tag;
    else
      run.decode(made.units[i]);
  }
  EXPECT_EQ(run.tags.size(), 28U);
  run.expect_only_right_pictures();
}

TEST(Decoder, HeadersOnTheirOwnAreNoBrokenPicture) {
  const auto made = stripped(test::make_access_units(25, with_slices(1)));
  Decoding run;
  run.decoder.decode(made.sets, 0, run.sink());
  const Bytes message = {0, 0, 0, 1, 6, 5, 1, 0x55, 0x80};
  for (const auto& unit : made.units) {
    run.decode(unit);
    run.decoder.decode(message, run.next_tag, run.sink());
  }
  EXPECT_EQ(run.tags.size(), 25U);
  run.expect_only_right_pictures();
  EXPECT_EQ(run.accounted(), 25U);
}

TEST(Decoder, AMessageThatCannotBeReadBreaksNoPicture) {
  auto units = test::make_access_units(25, with_slices(1));
  // A buffering period for an SPS that isn't there, a picture timing and user data cut short.
  for (const Bytes& message :
       {Bytes{0, 0, 0, 1, 6, 0, 2, 0x01, 0x55, 0x80}, Bytes{0, 0, 0, 1, 6, 1, 40, 0x12, 0x80},
        Bytes{0, 0, 0, 1, 6, 5, 3, 1, 2, 3, 0x80}, Bytes{0, 0, 0, 1, 6, 0xff}}) {
    Decoding run;
    for (const auto& unit : units) {
      Bytes with = message;
      with.insert(with.end(), unit.begin(), unit.end());
      run.decode(with);
    }
    EXPECT_EQ(run.tags.size(), 25U);
    run.expect_only_right_pictures();
  }
}

/// Parameter sets and two IDR pictures.
void decode_two_idrs(Decoding& run) {
  using test::CraftedStream;
  Bytes first = CraftedStream::sps();
  for (const Bytes& part : {CraftedStream::pps(), CraftedStream::idr(0)})
    first.insert(first.end(), part.begin(), part.end());
  run.decode(first);
  run.decode(CraftedStream::idr(1));
}

TEST(Decoder, ADelayThatAnErrorMadeEndsAtTheNextIdr) {
  using test::CraftedStream;
  Decoding run;
  decode_two_idrs(run);
  // An order count that isn't true looks as if pictures came out of order.
  const std::array<unsigned, 8> order_counts{2, 12, 4, 14, 6, 16, 8, 18};
  unsigned number = 0;
  for (const unsigned order_count : order_counts)
    run.decode(CraftedStream::picture({.frame_num = ++number, .order_count = order_count}));
  run.decoder.lost(run.sink());
  decode_two_idrs(run);
  const std::size_t before = run.tags.size();
  for (unsigned n = 1; n <= 5; ++n) {
    run.decode(CraftedStream::picture({.frame_num = n, .order_count = 2 * n}));
    EXPECT_EQ(run.tags.size(), before + n) << "at once";
  }
}

TEST(Decoder, MemoryManagementOperationFiveIsNoLostReference) {
  using test::CraftedStream;
  Decoding run;
  decode_two_idrs(run);
  unsigned number = 0;
  for (unsigned n = 1; n <= 60; ++n) {
    const bool resets = n % 7 == 0;
    number = (number + 1) % CraftedStream::kMaxFrameNum;
    run.decode(CraftedStream::picture(
        {.frame_num = number, .order_count = 2 * (n % 7 == 0 ? 7 : n % 7), .resets = resets}));
    if (resets) number = 0;
  }
  run.decoder.finish(run.sink());
  EXPECT_EQ(run.decoder.counts().missing_reference, 0U);
  EXPECT_EQ(run.tags.size(), 62U);
}

TEST(Decoder, PicturesOfBSlicesAloneFollowTwoIdrs) {
  using test::CraftedStream;
  for (const bool reference : {false, true}) {
    Decoding run;
    decode_two_idrs(run);
    for (unsigned n = 1; n <= 7; ++n) {
      run.decode(CraftedStream::picture({.kind = CraftedStream::Kind::b,
                                         .frame_num = reference ? n : 1,
                                         .order_count = 2 * n,
                                         .reference = reference}));
    }
    run.decoder.finish(run.sink());
    EXPECT_EQ(run.tags.size(), 9U) << reference;
    EXPECT_EQ(run.accounted(), 9U);
  }
}

TEST(Decoder, TwoIdrsAndReorderedPicturesOfBSlicesAllComeWhereNoneNeedsToComeSoon) {
  using test::CraftedStream;
  const auto pictures = [](Decoder::Reordering reordering) {
    Decoding run{.decoder = Decoder(1, reordering)};
    decode_two_idrs(run);
    const std::array<unsigned, 7> order_counts{8, 4, 2, 6, 14, 12, 10};
    for (unsigned n = 0; n < order_counts.size(); ++n)
      run.decode(CraftedStream::picture(
          {.kind = CraftedStream::Kind::b, .frame_num = n + 1, .order_count = order_counts.at(n)}));
    run.decoder.finish(run.sink());
    EXPECT_EQ(run.accounted(), 9U);
    return run.tags.size();
  };
  EXPECT_EQ(pictures(Decoder::Reordering::as_allowed), 9U);
  EXPECT_LT(pictures(Decoder::Reordering::as_seen), 9U) << "what recordings must not be read with";
}

TEST(Decoder, LostMakesItWaitForTheNextIdr) {
  const auto units = test::make_access_units(22, with_slices(1));
  Decoding run;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (i == 12) run.decoder.lost(run.sink());
    run.decode(units[i]);
  }
  EXPECT_EQ(run.tags.size(), 12U + 2U);
  EXPECT_EQ(run.decoder.counts().waiting, 8U);
  run.expect_only_right_pictures();
}

}  // namespace
}  // namespace rearview
