#pragma once

#include <optional>

#include "h264/sei.h"
#include "receive/orientation.h"

namespace rearview {

/// Follows what an H.264 stream itself says of how its pictures are to be turned. A message holds
/// up to the next one or the next IDR picture, also where it says that it is for its picture alone:
/// no camera turns over from picture to picture. One thread.
class CodedOrientation {
 public:
  /// For each access unit in its order; said: by its messages.
  void next(bool idr, const std::optional<h264::DisplayOrientation>& said);
  /// What makes the newest one upright.
  const Orientation& now() const { return now_; }

 private:
  Orientation now_;
};

}  // namespace rearview
