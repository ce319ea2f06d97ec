#pragma once

#include "types/analysis.h"
#include "types/frame.h"

namespace rearview {

/// A frame and what was found in it.
struct Annotated {
  FramePtr frame;
  AnalysisPtr analysis;
};

}  // namespace rearview
