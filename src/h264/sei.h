#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rearview::h264 {

/// The payload of the recovery point message (ITU-T H.264, D.1.8) in an SEI NAL unit's body;
/// nullopt when there is none, or when it can't be read.
std::optional<std::vector<std::uint8_t>> recovery_point(std::span<const std::uint8_t> body);

/// An SEI NAL unit, start code included, with nothing but that message.
std::vector<std::uint8_t> sei_with_recovery_point(std::span<const std::uint8_t> payload);

/// How pictures are to be shown (display orientation, ITU-T H.264 D.2.27): flipped first, then
/// turned.
struct DisplayOrientation {
  bool flip_x = false;  ///< left and right change places
  bool flip_y = false;
  int quarter_turns = 0;  ///< counter-clockwise, 0 to 3; the nearest to what is said

  bool operator==(const DisplayOrientation&) const = default;
};

/// What the message in an SEI NAL unit's body says; none of it where it cancels the one before.
/// nullopt when there is none, or when it can't be read.
std::optional<DisplayOrientation> display_orientation(std::span<const std::uint8_t> body);

}  // namespace rearview::h264
