#include "camera/wire_format.h"

#include <gtest/gtest.h>

#include "camera/coded_picture.h"

namespace rearview::camera {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Bodies of NAL units, which stand for themselves.
const Bytes kSps{0x67, 100, 0, 50, 0xac};
const Bytes kPps{0x68, 0xee, 0x3c, 0x80};
const Bytes kSei{0x06, 5, 1, 0xaa, 0x80};
const Bytes kAud{0x09, 0x10};
const Bytes kIdr{0x65, 0x88, 0x84, 0x21};  // first_mb 0, slice_type 7 (I)
const Bytes kP{0x41, 0x9a, 0x24, 0x6c};    // first_mb 0, slice_type 5 (P)
const Bytes kB{0x01, 0x9e, 0x24, 0x6c};    // first_mb 0, slice_type 6 (B)
const Bytes kFiller{0x0c, 0xff, 0x80};

Bytes nal(const Bytes& body, bool short_code = false) {
  Bytes out = short_code ? Bytes{0, 0, 1} : Bytes{0, 0, 0, 1};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const Bytes kEnd(kDelimiter.begin(), kDelimiter.end());

TEST(WireFormat, CountsTheBytesOfSlicesWithoutFiller) {
  WireFormat wire(WireFormat::Sei::keep);
  const auto result =
      wire.format(std::vector<std::uint8_t>{0, 0, 0, 1,    0x41, 0x9a, 1,   2,  // a slice
                                            0, 0, 1, 0x41, 0x28, 3,             // another
                                            0, 0, 1, 0x0c, 0xff, 0xff, 0x80});
  EXPECT_EQ(result.slice_bytes, 7U);
}

TEST(WireFormat, PutsTheNextDelimiterBehindAndTakesThePicturesOwnAway) {
  WireFormat wire(WireFormat::Sei::keep);
  const auto result = wire.format(nal(kAud) + nal(kP));
  EXPECT_EQ(result.bytes, nal(kP) + kEnd);
  EXPECT_FALSE(result.idr);
}

TEST(WireFormat, MakesEveryStartCodeFourBytes) {
  WireFormat wire(WireFormat::Sei::keep);
  const auto result =
      wire.format(nal(kSps, true) + nal(kPps, true) + nal(kIdr, true) + nal(kIdr, true));
  EXPECT_EQ(result.bytes, nal(kSps) + nal(kPps) + nal(kIdr) + nal(kIdr) + kEnd);
  EXPECT_TRUE(result.idr);
  EXPECT_TRUE(result.decodable);
}

TEST(WireFormat, RepeatsParameterSetsBeforeEveryIdrThatLacksThem) {
  WireFormat wire(WireFormat::Sei::keep);
  wire.format(nal(kSps) + nal(kPps) + nal(kIdr));
  EXPECT_EQ(wire.format(nal(kP)).bytes, nal(kP) + kEnd);
  EXPECT_EQ(wire.format(nal(kSei) + nal(kIdr)).bytes,
            nal(kSps) + nal(kPps) + nal(kSei) + nal(kIdr) + kEnd);
}

TEST(WireFormat, RepeatsTheNewestParameterSetsOnly) {
  const Bytes other_sps{0x67, 66, 0, 30, 0x11};
  WireFormat wire(WireFormat::Sei::keep);
  wire.format(nal(kSps) + nal(kPps) + nal(kIdr));
  wire.format(nal(other_sps) + nal(kPps) + nal(kIdr));
  EXPECT_EQ(wire.format(nal(kIdr)).bytes, nal(other_sps) + nal(kPps) + nal(kIdr) + kEnd);
}

TEST(WireFormat, SaysWhenAnIdrCanNotBeDecoded) {
  WireFormat wire(WireFormat::Sei::keep);
  EXPECT_FALSE(wire.format(nal(kIdr)).decodable);
  EXPECT_FALSE(wire.format(nal(kSps) + nal(kIdr)).decodable);
  EXPECT_TRUE(wire.format(nal(kPps) + nal(kIdr)).decodable);
}

TEST(WireFormat, KeepsOrDropsSeiAndKeepsTheRest) {
  EXPECT_EQ(WireFormat(WireFormat::Sei::keep).format(nal(kSei) + nal(kP) + nal(kFiller)).bytes,
            nal(kSei) + nal(kP) + nal(kFiller) + kEnd);
  EXPECT_EQ(WireFormat(WireFormat::Sei::drop).format(nal(kSei) + nal(kP) + nal(kFiller)).bytes,
            nal(kP) + nal(kFiller) + kEnd);
}

TEST(WireFormat, LeavesOutTheEndOfAStreamThatGoesOn) {
  WireFormat wire(WireFormat::Sei::keep);
  EXPECT_EQ(wire.format(nal(kP) + nal({0x0a}) + nal({0x0b})).bytes, nal(kP) + kEnd);
}

TEST(WireFormat, SeesBSlices) {
  WireFormat wire(WireFormat::Sei::keep);
  EXPECT_FALSE(wire.format(nal(kP)).b_slice);
  EXPECT_TRUE(wire.format(nal(kB)).b_slice);
}

TEST(WireFormat, WithoutASliceThereIsNoPicture) {
  WireFormat wire(WireFormat::Sei::keep);
  EXPECT_TRUE(wire.format(nal(kSps) + nal(kPps)).bytes.empty());
  EXPECT_TRUE(wire.format({}).bytes.empty());
  // They still count for the IDR that follows.
  EXPECT_TRUE(wire.format(nal(kIdr)).decodable);
}

}  // namespace
}  // namespace rearview::camera
