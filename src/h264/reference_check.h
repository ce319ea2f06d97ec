#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "h264/annexb_splitter.h"
#include "h264/sps.h"

namespace rearview::h264 {

/// Tells from headers alone where decoding can begin and where a reference picture is missing, so
/// that a decoder isn't trusted to notice. One thread.
class ReferenceCheck {
 public:
  struct Verdict {
    bool idr = false;
    bool recovery_point = false;  ///< a recovery point SEI (D.1.8): decoding can begin here too
    bool gap = false;             ///< reference pictures in front of this one are missing
  };

  /// Takes the next access unit, Annex-B bytes.
  Verdict push(std::span<const std::uint8_t> access_unit);
  /// The next access unit follows none. Parameter sets are kept.
  void reset() { last_reference_.reset(); }

 private:
  void take_slice(const NalUnit& nal, Verdict& verdict);

  AnnexBSplitter splitter_;
  std::array<std::optional<Sps>, 32> sps_;
  std::array<std::optional<int>, 256> sps_of_pps_;
  std::optional<std::uint32_t> last_reference_;  // PrevRefFrameNum
};

}  // namespace rearview::h264
