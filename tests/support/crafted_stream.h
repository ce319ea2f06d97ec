#pragma once

#include <cstdint>
#include <vector>

namespace rearview::test {

/// H.264 pictures written bit by bit, for what no encoder at hand writes: 64 x 48, CAVLC. The first
/// is plain grey; those that refer to others repeat them (all macroblocks skipped).
class CraftedStream {
 public:
  using Bytes = std::vector<std::uint8_t>;
  enum class Kind { p = 0, b = 1 };

  struct Slice {
    Kind kind = Kind::p;
    unsigned frame_num = 0;
    unsigned order_count = 0;  ///< of display; two a picture
    bool reference = true;
    bool resets = false;  ///< with memory management control operation 5
  };

  static constexpr unsigned kMaxFrameNum = 16;

  static Bytes sps();
  static Bytes pps();
  /// Without parameter sets.
  static Bytes idr(unsigned number);
  static Bytes picture(const Slice& slice);
};

}  // namespace rearview::test
