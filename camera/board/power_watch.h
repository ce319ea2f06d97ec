#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "camera/board/board.h"

namespace rearview::camera {

/// Sees when the computer has to be shut down: the button, or a battery at or under 3450 mV or 10 %
/// (device contract, "Hardware") that isn't being charged. One reading can be wrong, three in a row
/// count. One thread.
class PowerWatch {
 public:
  enum class Need { none, button, battery };

  explicit PowerWatch(Board& board) : board_(board) {}
  /// Once a second.
  Need look();

 private:
  bool battery_low();

  Board& board_;
  int low_readings_ = 0;
};

}  // namespace rearview::camera
