#pragma once

#include <optional>

#include "receive/libav.h"
#include "types/frame.h"

namespace rearview {

/// Turns libav's frames into planes: a view where the format is right, else a conversion. One
/// thread.
class PlaneMaker {
 public:
  /// nullopt when the format can't be converted.
  std::optional<Planes> make(AVFrame& frame);

 private:
  libav::FramePointer convert(const AVFrame& frame, bool full_range);

  libav::ScalerPointer scaler_;
};

}  // namespace rearview
