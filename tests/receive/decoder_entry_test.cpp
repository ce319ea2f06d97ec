#include <gtest/gtest.h>

#include "h264/annexb_splitter.h"
#include "tests/receive/decoding.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;

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

}  // namespace
}  // namespace rearview
