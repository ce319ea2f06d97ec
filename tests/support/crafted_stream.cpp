#include "tests/support/crafted_stream.h"

#include "tests/support/bit_writer.h"

namespace rearview::test {
namespace {

constexpr unsigned kWidthMbs = 4;
constexpr unsigned kHeightMbs = 3;
constexpr int kFrameNumBits = 4;
constexpr int kOrderCountBits = 8;

}  // namespace

CraftedStream::Bytes CraftedStream::sps() {
  constexpr unsigned kMainProfile = 77;
  BitWriter out;
  out.bits(kMainProfile, 8).bits(0, 8).bits(30, 8).ue(0).ue(kFrameNumBits - 4);
  out.ue(0).ue(kOrderCountBits - 4);                    // order counts of type 0
  out.ue(2).bits(0, 1);                                 // two reference frames, no gaps
  out.ue(kWidthMbs - 1).ue(kHeightMbs - 1).bits(1, 1);  // frames only
  out.bits(1, 1).bits(0, 1).bits(0, 1);                 // 8x8 inference; no cropping, no VUI
  return out.nal(0x67);
}

CraftedStream::Bytes CraftedStream::pps() {
  BitWriter out;
  out.ue(0).ue(0).bits(0, 2).ue(0).ue(0).ue(0);  // CAVLC, one slice group, one reference a list
  out.bits(0, 3).ue(0).ue(0).ue(0);              // no weights; QP 26
  out.bits(1, 1).bits(0, 2);                     // deblocking control present
  return out.nal(0x68);
}

CraftedStream::Bytes CraftedStream::idr(unsigned number) {
  BitWriter out;
  out.ue(0).ue(7).ue(0).bits(0, kFrameNumBits).ue(number % 2).bits(0, kOrderCountBits);
  out.bits(0, 2).ue(0).ue(1);  // no marking; QP 26; no deblocking
  for (unsigned mb = 0; mb < kWidthMbs * kHeightMbs; ++mb)
    out.ue(3).ue(0).ue(0).bits(1, 1);  // I_16x16 predicted as DC, chroma DC, no coefficients
  return out.nal(0x65);
}

CraftedStream::Bytes CraftedStream::picture(const Slice& slice) {
  BitWriter out;
  out.ue(0).ue(static_cast<unsigned>(slice.kind)).ue(0).bits(slice.frame_num, kFrameNumBits);
  out.bits(slice.order_count, kOrderCountBits);
  if (slice.kind == Kind::b) out.bits(1, 1);  // direct prediction is spatial
  out.bits(0, 1).bits(0, 1);                  // references as in the PPS, in their order
  if (slice.kind == Kind::b) out.bits(0, 1);
  if (slice.reference) {
    if (slice.resets)
      out.bits(1, 1).ue(5).ue(0);
    else
      out.bits(0, 1);
  }
  out.ue(0).ue(1).ue(kWidthMbs * kHeightMbs);  // QP, no deblocking, all skipped
  return out.nal(slice.reference ? 0x41 : 0x01);
}

}  // namespace rearview::test
