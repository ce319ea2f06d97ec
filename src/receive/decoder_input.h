#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "h264/nal_unit.h"

namespace rearview {

/// What of an H.264 access unit a decoder is given. libavcodec takes a picture for broken when it
/// can't read one of its SEI messages, so it gets none but the recovery point. One thread.
class DecoderInput {
 public:
  void clear();
  void take(const h264::NalUnit& nal);

  /// Annex-B, as what follows; until the next call that changes it.
  std::span<const std::uint8_t> all() const { return all_; }
  bool has_slice() const { return has_slice_; }
  /// The parameter sets alone.
  std::span<const std::uint8_t> parameter_sets() const { return parameter_sets_; }

 private:
  std::vector<std::uint8_t> all_;
  std::vector<std::uint8_t> parameter_sets_;
  bool has_slice_ = false;
};

}  // namespace rearview
