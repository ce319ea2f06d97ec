#pragma once

#include <optional>

#include "receive/libav.h"
#include "receive/orientation.h"
#include "types/frame.h"

namespace rearview {

/// Turns libav's frames into planes: a view where the format is right and upright, else a
/// conversion. One thread.
class PlaneMaker {
 public:
  /// orientation: what makes it upright. nullopt when the format can't be converted.
  std::optional<Planes> make(AVFrame& frame, const Orientation& orientation);

 private:
  libav::FramePointer convert(const AVFrame& frame, bool full_range);

  libav::ScalerPointer scaler_;
};

}  // namespace rearview
