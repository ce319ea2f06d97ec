#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace rearview {

/// One coded picture of an H.264 stream, as it came: what recorders and viewers that decode for
/// themselves get. Immutable and shared. With B-frames, where the order of display isn't that of
/// decoding, the n-th picture shown has number and time of the n-th access unit.
struct LiveAccessUnit {
  std::vector<std::uint8_t> bytes;  ///< Annex-B, start codes included
  bool idr = false;                 ///< decoding can begin here
  bool has_parameter_sets = false;  ///< holds both an SPS and a PPS
  std::uint32_t epoch = 0;          ///< counts connections, as Frame::epoch
  std::uint64_t seq = 0;            ///< as Frame::seq of the frame that it becomes
  double t_s = 0;                   ///< as Frame::t_s
  SteadyTime received;              ///< its first byte; of a recording, when it is due
};
using LiveAccessUnitPtr = std::shared_ptr<const LiveAccessUnit>;

}  // namespace rearview
