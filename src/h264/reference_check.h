#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "h264/annexb_splitter.h"
#include "h264/parameter_sets.h"

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

  /// Takes the next access unit, Annex-B bytes. each: called with each of its NAL units.
  Verdict push(std::span<const std::uint8_t> access_unit, const AnnexBSplitter::Sink& each = {});
  /// The next access unit follows none. Parameter sets are kept.
  void reset() { last_reference_.reset(); }
  const ParameterSets& parameter_sets() const { return sets_; }

 private:
  void take_slice(const NalUnit& nal, Verdict& verdict);

  AnnexBSplitter splitter_;
  ParameterSets sets_;
  std::optional<std::uint32_t> last_reference_;  // PrevRefFrameNum
};

}  // namespace rearview::h264
