#include <gtest/gtest.h>

#include <array>

#include "tests/receive/decoding.h"
#include "tests/support/crafted_stream.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;

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

}  // namespace
}  // namespace rearview
