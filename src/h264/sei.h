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

}  // namespace rearview::h264
