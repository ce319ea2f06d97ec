#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "camera/board/board.h"

namespace rearview::camera {

/// The device's hardware (device contract, "Hardware") through libgpiod and Linux's own interfaces.
/// What can't be opened is logged once.
std::unique_ptr<Board> make_device_board();

/// The fuel gauge's registers to units (Maxim MAX17048, data sheet 19-6171, table 2): cell voltage
/// 78.125 uV a step, state of charge 1/256 % a step, rate of change 0.208 %/h a step, signed.
inline double gauge_mv(std::uint16_t vcell) {
  return vcell * 0.078125;
}
inline double gauge_percent(std::uint16_t soc) {
  return soc / 256.0;
}
inline double gauge_percent_per_h(std::uint16_t rate) {
  return static_cast<std::int16_t>(rate) * 0.208;
}

}  // namespace rearview::camera
