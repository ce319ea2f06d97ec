#include "h264/slice_header.h"

#include <gtest/gtest.h>

#include <vector>

#include "h264/sei.h"
#include "tests/support/bit_writer.h"
#include "tests/support/crafted_stream.h"

namespace rearview::h264 {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::BitWriter;

std::span<const std::uint8_t> body(const Bytes& nal) {
  return std::span(nal).subspan(4);
}

TEST(SliceHeader, PlaceAndType) {
  const Bytes first = {0x65, 0x88};   // ue 0, ue 7: I
  const Bytes fourth = {0x41, 0x2c};  // ue 4, ue 0 …
  EXPECT_EQ(first_mb_in_slice(first), 0U);
  EXPECT_EQ(slice_type(first), 2);
  EXPECT_EQ(first_mb_in_slice(fourth), 4U);
  EXPECT_EQ(slice_type(fourth), 0);
  EXPECT_FALSE(first_mb_in_slice(Bytes{}));
  EXPECT_FALSE(first_mb_in_slice(Bytes{0x65}));
  EXPECT_FALSE(first_mb_in_slice(Bytes{0x65, 0, 0, 3}));
  EXPECT_FALSE(slice_type(Bytes{0x65, 0x80 | 0x01}));
  EXPECT_FALSE(slice_type(Bytes{0x65, 0x85, 0x40})) << "ue 0, ue 20";
}

TEST(SliceHeader, CutShortInFrontOfItsNumberIsRefused) {
  const auto sps = parse_sps(body(test::CraftedStream::sps()));
  const auto pps = parse_pps(body(test::CraftedStream::pps()));
  ASSERT_TRUE(sps && pps);
  const Bytes whole = test::CraftedStream::picture({.frame_num = 9, .order_count = 18});
  const auto header = parse_slice_header({whole, 4}, *sps, *pps);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->frame_num, 9U);
  EXPECT_FALSE(header->resets_frame_num);
  EXPECT_FALSE(parse_slice_header({std::span(whole).first(5), 4}, *sps, *pps));
}

// Everything that may stand in front of the marking: fields, order counts, redundancy, references,
// their order and their weights.
TEST(SliceHeader, TheResetIsFoundBehindAllThatMayStandInFrontOfIt) {
  Sps sps;
  sps.frames_only = false;
  sps.order_count_type = 1;
  sps.separate_colour_planes = true;
  sps.chroma_array_type = 0;
  const Pps pps = *parse_pps(BitWriter()
                                 .ue(7)
                                 .ue(0)
                                 .bits(0b01, 2)  // field order present
                                 .ue(1)
                                 .ue(0)
                                 .ue(3)
                                 .ue(3)  // two slice groups
                                 .ue(2)
                                 .ue(0)  // three and one references
                                 .bits(1, 1)
                                 .bits(1, 2)  // weights for both kinds
                                 .ue(0)
                                 .ue(0)
                                 .ue(0)
                                 .bits(0b101, 3)  // redundant pictures
                                 .body(0x68));
  EXPECT_EQ(pps.id, 7);
  EXPECT_TRUE(pps.field_order_present && pps.weighted_p && pps.explicitly_weighted_b &&
              pps.redundant_pictures_known);
  EXPECT_EQ(pps.references_l0, 3);
  EXPECT_EQ(pps.references_l1, 1);
  for (const bool resets : {true, false}) {
    BitWriter b;
    b.ue(0).ue(6).ue(7).bits(2, 2).bits(11, 4).bits(0, 1);  // B, colour plane, frame_num, a frame
    b.ue(2).ue(4).ue(0).bits(1, 1);                         // order counts, redundancy, direct
    b.bits(1, 1).ue(1).ue(1);                               // two references a list
    b.bits(1, 1).ue(0).ue(5).ue(2).ue(1).ue(3);             // list 0 in another order
    b.bits(0, 1);
    b.ue(5).bits(1, 1).ue(3).ue(4).bits(0, 3);  // weights: of the first of four
    b.bits(1, 1).ue(3).ue(1).ue(2).ue(1).ue(3).ue(6).ue(0).ue(2).ue(9);
    if (resets) b.ue(5);
    b.ue(0);
    const Bytes nal = b.nal(0x41);
    const auto header = parse_slice_header({nal, 4}, sps, pps);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->frame_num, 11U);
    EXPECT_EQ(header->resets_frame_num, resets);
  }
}

TEST(Pps, ValuesOutOfRangeAreRefused) {
  EXPECT_TRUE(parse_pps(body(test::CraftedStream::pps())));
  EXPECT_FALSE(parse_pps(Bytes{}));
  EXPECT_FALSE(parse_pps(Bytes{0x68})) << "cut short";
  EXPECT_FALSE(parse_pps(BitWriter().ue(256).ue(0).body(0x68))) << "number";
  EXPECT_FALSE(parse_pps(BitWriter().ue(0).ue(32).body(0x68))) << "number of the SPS";
  EXPECT_FALSE(parse_pps(BitWriter().ue(0).ue(0).bits(0, 2).ue(8).body(0x68))) << "slice groups";
  EXPECT_FALSE(parse_pps(BitWriter().ue(0).ue(0).bits(0, 2).ue(1).ue(7).body(0x68))) << "their map";
  EXPECT_FALSE(parse_pps(BitWriter().ue(0).ue(0).bits(0, 2).ue(0).ue(32).ue(0).body(0x68)))
      << "references";
}

TEST(Sei, TheRecoveryPointIsFoundBehindOtherMessages) {
  const Bytes payload = {0b01001010};
  const Bytes alone = sei_with_recovery_point(payload);
  EXPECT_EQ(alone, (Bytes{0, 0, 0, 1, 6, 6, 1, 0b01001010, 0x80}));
  EXPECT_EQ(recovery_point(body(alone)), payload);
  // Zeros in a message in front of it bring emulation prevention, which doesn't count.
  EXPECT_EQ(recovery_point(Bytes{6, 4, 4, 0, 0, 3, 0, 0, 6, 1, 0b01001010, 0x80}), payload);
  EXPECT_FALSE(recovery_point(Bytes{6, 4, 2, 6, 1, 0x80})) << "inside another message";
  EXPECT_FALSE(recovery_point(Bytes{6, 6, 9, 1, 0x80})) << "longer than what is there";
  EXPECT_FALSE(recovery_point(Bytes{6, 0xff, 0xff})) << "cut short";
  EXPECT_FALSE(recovery_point(Bytes{}));
}

}  // namespace
}  // namespace rearview::h264
