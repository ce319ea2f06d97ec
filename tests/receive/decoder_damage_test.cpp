#include <gtest/gtest.h>

#include <random>

#include "h264/annexb_splitter.h"
#include "tests/receive/decoding.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;

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

}  // namespace
}  // namespace rearview
