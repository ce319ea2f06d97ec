#pragma once

#include <cstdint>
#include <utility>

#include "analyse/common/picture_history.h"
#include "analyse/stage.h"
#include "tests/support/frames.h"

namespace rearview::test {

using testing_support::flat_planes;

/// A frame at any time: stages go by that, not by the number.
inline FramePtr frame_at(double t_s, std::uint64_t seq, Planes planes) {
  auto frame = testing_support::frame_of(std::move(planes), seq);
  frame->t_s = t_s;
  return frame;
}

/// Shows frames to a stage without a chain, and lends it the history that a chain would.
class Shown {
 public:
  void show(Stage& stage, const Frame& frame, Analysis& analysis) {
    stage.process({frame, pictures_}, analysis);
  }

 private:
  PictureHistory pictures_;
};

}  // namespace rearview::test
