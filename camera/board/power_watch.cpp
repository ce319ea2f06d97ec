#include "camera/board/power_watch.h"

namespace rearview::camera {
namespace {

constexpr double kLow_mv = 3450;
constexpr double kLow_percent = 10;
constexpr int kReadings = 3;

}  // namespace

bool PowerWatch::battery_low() {
  if (board_.charging().value_or(false)) return false;
  const auto mv = board_.battery_mv();
  const auto percent = board_.battery_percent();
  // What can't be read is no reason to switch off.
  return (mv && *mv <= kLow_mv) || (percent && *percent <= kLow_percent);
}

PowerWatch::Need PowerWatch::look() {
  if (board_.shutdown_pressed()) return Need::button;
  low_readings_ = battery_low() ? low_readings_ + 1 : 0;
  return low_readings_ >= kReadings ? Need::battery : Need::none;
}

}  // namespace rearview::camera
