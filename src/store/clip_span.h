#pragma once

#include <string>

#include "base/clock.h"

namespace rearview {

/// What a clip shows: of which camera, from when to when.
struct ClipSpan {
  std::string camera;
  WallTime from;
  WallTime to;
};

}  // namespace rearview
