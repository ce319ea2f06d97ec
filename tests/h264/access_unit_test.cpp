#include "h264/access_unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "h264/annexb_splitter.h"
#include "tests/support/test_stream.h"

namespace rearview::h264 {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<AccessUnit> assemble(const Bytes& stream, AccessUnitAssembler& assembler) {
  std::vector<AccessUnit> units;
  const auto sink = [&](const NalUnit& nal) {
    if (auto unit = assembler.push(nal)) units.push_back(std::move(*unit));
  };
  AnnexBSplitter splitter;
  splitter.push(stream, sink);
  splitter.flush(sink);
  if (auto unit = assembler.flush()) units.push_back(std::move(*unit));
  return units;
}

std::vector<AccessUnit> assemble(const Bytes& stream) {
  AccessUnitAssembler assembler;
  return assemble(stream, assembler);
}

Bytes join(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Small NAL units by hand: the payload's first bits are first_mb_in_slice as ue(v).
const Bytes kAud = {0, 0, 0, 1, 0x09, 0xf0};
const Bytes kSps = {0, 0, 0, 1, 0x67, 0x42};
const Bytes kPps = {0, 0, 0, 1, 0x68, 0x42};
const Bytes kSei = {0, 0, 0, 1, 0x06, 0x05};
const Bytes kFiller = {0, 0, 0, 1, 0x0c, 0xff};
const Bytes kEndOfSequence = {0, 0, 0, 1, 0x0a};
const Bytes kIdr = {0, 0, 0, 1, 0x65, 0x88};       // first_mb 0
const Bytes kIdrSecond = {0, 0, 1, 0x65, 0x28};    // first_mb 4
const Bytes kSlice = {0, 0, 0, 1, 0x41, 0x9a};     // first_mb 0
const Bytes kSliceSecond = {0, 0, 1, 0x41, 0x28};  // first_mb 4
const Bytes kSliceThird = {0, 0, 1, 0x41, 0x12};   // first_mb 8

class EveryStream : public ::testing::TestWithParam<test::StreamOptions> {};

TEST_P(EveryStream, OneAccessUnitAPicture) {
  const auto made = test::make_access_units(25, GetParam());
  const auto units = assemble(join(made));
  ASSERT_EQ(units.size(), 25U);
  for (std::size_t n = 0; n < units.size(); ++n) {
    const bool idr = n % static_cast<std::size_t>(GetParam().gop) == 0;
    EXPECT_EQ(units[n].idr, idr) << n;
    EXPECT_EQ(units[n].has_parameter_sets, idr) << n;
    EXPECT_EQ(units[n].slices, GetParam().slices) << n;
    EXPECT_EQ(units[n].truncated,
              n + 1 == units.size() && GetParam().delimiters != test::Delimiters::behind)
        << n;
    if (GetParam().delimiters != test::Delimiters::behind) {
      EXPECT_EQ(units[n].bytes, made[n]) << n;
    }
  }
}

test::StreamOptions with(int slices, test::Delimiters delimiters) {
  test::StreamOptions options;
  options.slices = slices;
  options.delimiters = delimiters;
  return options;
}

test::StreamOptions with_b_frames() {
  test::StreamOptions options = with(1, test::Delimiters::none);
  options.b_frames = 2;
  options.gop = 100;
  return options;
}

std::string name_of(const test::StreamOptions& options) {
  constexpr std::array kDelimiters{"NoDelimiters", "DelimitersBefore", "DelimitersBehind"};
  return std::to_string(options.slices) + "Slices" +
         kDelimiters.at(static_cast<std::size_t>(options.delimiters)) +
         (options.b_frames > 0 ? "BFrames" : "");
}

INSTANTIATE_TEST_SUITE_P(Streams, EveryStream,
                         ::testing::Values(with(1, test::Delimiters::none),
                                           with(1, test::Delimiters::before),
                                           with(1, test::Delimiters::behind),
                                           with(3, test::Delimiters::none),
                                           with(3, test::Delimiters::before),
                                           with(3, test::Delimiters::behind), with_b_frames()),
                         [](const auto& tested) { return name_of(tested.param); });

TEST(AccessUnitAssembler, ParameterSetsSeiAndDelimitersBeginTheNextOne) {
  for (const Bytes& opener : {kAud, kSps, kPps, kSei}) {
    const auto units = assemble(join({kSps, kPps, kIdr, opener, kSlice, opener, kSlice}));
    ASSERT_EQ(units.size(), 3U);
    EXPECT_EQ(units[0].bytes, join({kSps, kPps, kIdr}));
    EXPECT_EQ(units[1].bytes, join({opener, kSlice}));
  }
}

// Scalable and multiview streams (annexes G and H): the picture for all is types 1 and 5.
TEST(AccessUnitAssembler, WhatIsForOtherLayersNeitherEndsAPictureNorStaysInIt) {
  const Bytes prefix = {0, 0, 0, 1, 0x6e, 0x40, 0x80};
  const Bytes subset = {0, 0, 0, 1, 0x6f, 0x53, 0x80};
  const Bytes other_layer = {0, 0, 0, 1, 0x74, 0x88, 0x80};
  const auto units =
      assemble(join({kSps, kPps, subset, prefix, kIdr, prefix, kIdrSecond, other_layer, prefix,
                     kSlice, prefix, kSliceSecond, other_layer}));
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].bytes, join({kSps, kPps, kIdr, kIdrSecond}));
  EXPECT_EQ(units[1].bytes, join({kSlice, kSliceSecond}));
}

TEST(AccessUnitAssembler, FillerAndEndOfSequenceStayWithTheirPicture) {
  const auto units = assemble(join({kAud, kIdr, kFiller, kEndOfSequence, kAud, kSlice}));
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].bytes, join({kAud, kIdr, kFiller, kEndOfSequence}));
}

TEST(AccessUnitAssembler, LaterSlicesGoOnWithThePicture) {
  const auto units = assemble(join({kIdr, kIdrSecond, kSlice, kSliceSecond, kSliceThird, kSlice}));
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[0].slices, 2);
  EXPECT_EQ(units[1].slices, 3);
  EXPECT_EQ(units[2].slices, 1);
}

TEST(AccessUnitAssembler, ALostFirstSliceDoesNotJoinTwoPictures) {
  const auto units = assemble(join({kSlice, kSliceSecond, kSliceThird, kSliceSecond, kSliceThird}));
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].slices, 3);
  EXPECT_EQ(units[1].slices, 2);
  EXPECT_EQ(assemble(join({kSlice, kIdrSecond})).size(), 2U) << "an IDR slice in a P picture";
}

TEST(AccessUnitAssembler, NoPictureNoAccessUnit) {
  EXPECT_TRUE(assemble(join({kSps, kPps, kAud, kSei, kAud})).empty());
  const auto units = assemble(join({kSps, kPps, kAud, kIdr}));
  ASSERT_EQ(units.size(), 1U);
  EXPECT_TRUE(units[0].has_parameter_sets) << "parameter sets in front of the delimiter count";
}

TEST(AccessUnitAssembler, PeekEndsThePictureWithTheFirstByteOfADelimiter) {
  AccessUnitAssembler assembler;
  EXPECT_FALSE(assembler.push(NalUnit{kIdr, 4}));
  const auto unit = assembler.peek(NalUnit{std::span(kAud).first(5), 4});
  ASSERT_TRUE(unit);
  EXPECT_EQ(unit->bytes, kIdr);
  EXPECT_FALSE(unit->truncated);
  EXPECT_FALSE(assembler.push(NalUnit{kAud, 4})) << "must not end it twice";
  EXPECT_FALSE(assembler.push(NalUnit{kSlice, 4}));
  const auto last = assembler.flush();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->bytes, join({kAud, kSlice}));
}

TEST(AccessUnitAssembler, PeekWaitsUntilASliceTellsItsPlace) {
  AccessUnitAssembler assembler;
  assembler.push(NalUnit{kSlice, 4});
  EXPECT_FALSE(assembler.peek(NalUnit{std::span(kSlice).first(5), 4}));
  EXPECT_FALSE(assembler.peek(NalUnit{kSliceSecond, 3}));
  EXPECT_TRUE(assembler.peek(NalUnit{kSlice, 4}));
}

TEST(AccessUnitAssembler, FlushMarksWhatItCutShort) {
  AccessUnitAssembler assembler;
  EXPECT_FALSE(assembler.flush());
  assembler.push(NalUnit{kSps, 4});
  EXPECT_FALSE(assembler.flush()) << "no picture";
  assembler.push(NalUnit{kIdr, 4});
  EXPECT_TRUE(assembler.has_picture());
  const auto unit = assembler.flush();
  ASSERT_TRUE(unit);
  EXPECT_TRUE(unit->truncated);
  EXPECT_FALSE(assembler.has_picture());
}

TEST(AccessUnitAssembler, DropsWhatIsOverTheLimitAndGoesOn) {
  AccessUnitAssembler assembler(20);
  Bytes large = kSliceSecond;
  large.insert(large.end(), 100, 0x55);
  const auto units = assemble(join({kIdr, kAud, kSlice, large, kAud, kSlice, kAud}), assembler);
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[1].bytes, join({kAud, kSlice}));
  EXPECT_EQ(assembler.dropped(), 1U);
}

TEST(AccessUnitAssembler, EndlessNonPicturesStayBounded) {
  AccessUnitAssembler assembler(1000);
  for (int i = 0; i < 10000; ++i) assembler.push(NalUnit{kSei, 4});
  assembler.push(NalUnit{kIdr, 4});
  EXPECT_FALSE(assembler.push(NalUnit{kAud, 4}));
  EXPECT_EQ(assembler.dropped(), 1U);
  assembler.push(NalUnit{kIdr, 4});
  const auto unit = assembler.push(NalUnit{kAud, 4});
  ASSERT_TRUE(unit);
  EXPECT_EQ(unit->bytes, join({kAud, kIdr}));
}

TEST(AccessUnitAssembler, ResetForgets) {
  AccessUnitAssembler assembler;
  assembler.push(NalUnit{kSps, 4});
  assembler.push(NalUnit{kIdr, 4});
  assembler.reset();
  EXPECT_FALSE(assembler.has_picture());
  EXPECT_FALSE(assembler.flush());
}

TEST(WholeAccessUnit, GetsTheContainersParameterSetsWhereItHasNone) {
  const Bytes sets = join({kSps, kPps});
  const AccessUnit plain = whole_access_unit(join({kAud, kIdr}), sets);
  EXPECT_EQ(plain.bytes, join({kAud, kSps, kPps, kIdr}));
  EXPECT_TRUE(plain.idr && plain.has_parameter_sets);
  EXPECT_EQ(whole_access_unit(kIdr, sets).bytes, join({kSps, kPps, kIdr}));

  const Bytes own = join({kAud, kSps, kPps, kSei, kIdr});
  EXPECT_EQ(whole_access_unit(own, sets).bytes, own);
  EXPECT_TRUE(whole_access_unit(own, {}).has_parameter_sets);

  const AccessUnit other = whole_access_unit(kSlice, sets);
  EXPECT_EQ(other.bytes, kSlice);
  EXPECT_FALSE(other.idr || other.has_parameter_sets);
  const AccessUnit poor = whole_access_unit(kIdr, kSps);
  EXPECT_EQ(poor.bytes, kIdr);
  EXPECT_TRUE(poor.idr && !poor.has_parameter_sets);
}

}  // namespace
}  // namespace rearview::h264
