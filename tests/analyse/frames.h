#pragma once

#include <cstdint>
#include <utility>

#include "tests/support/frames.h"

namespace rearview::test {

using testing_support::flat_planes;

/// A frame at any time: stages go by that, not by the number.
inline FramePtr frame_at(double t_s, std::uint64_t seq, Planes planes) {
  auto frame = testing_support::frame_of(std::move(planes), seq);
  frame->t_s = t_s;
  return frame;
}

}  // namespace rearview::test
