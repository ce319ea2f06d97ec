#pragma once

#include "types/analysis.h"
#include "types/frame.h"

namespace rearview {

/// One step of the analysis. The constructor loads everything or throws.
class Stage {
 public:
  virtual ~Stage() = default;

  /// Reads the frame, adds to the analysis what this stage finds. One thread; frame.seq strictly
  /// increases, gaps allowed. Must neither write nor keep the frame's pixels. A throw makes the
  /// analysis `failed`, never an empty road.
  virtual void process(const Frame& frame, Analysis& analysis) = 0;

  /// A new connection or a jump in time: forget what came before.
  virtual void reset() noexcept {}
};

}  // namespace rearview
