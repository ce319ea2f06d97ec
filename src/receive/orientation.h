#pragma once

namespace rearview {

/// How a decoded picture is turned to be upright: first its sides change places, then it is
/// mirrored.
struct Orientation {
  bool transpose = false;
  bool mirror_x = false;  ///< left and right change places
  bool mirror_y = false;

  bool upright() const { return !transpose && !mirror_x && !mirror_y; }
  bool operator==(const Orientation&) const = default;
};

}  // namespace rearview
