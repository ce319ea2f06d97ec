#pragma once

#include <atomic>

#include "base/clock.h"
#include "camera/board/board.h"
#include "camera/mode.h"

namespace rearview::camera {

/// The light on the device (device contract, "Hardware").
class StatusLed {
 public:
  StatusLed(Board& board, const Mode& mode) : board_(board), mode_(mode) {}

  /// Blinks to be found, until switched off. Any thread.
  void set_blinking(bool blinking) { blinking_ = blinking; }
  bool blinking() const { return blinking_; }
  /// The last seconds before the shutdown. Any thread.
  void set_battery_low() { battery_low_ = true; }

  /// Switches the light; to be called every kPeriod. One thread.
  void tick(SteadyTime now = SteadyClock::now());
  static constexpr std::chrono::milliseconds kPeriod{50};

 private:
  struct Pattern {
    int on_ms;
    int off_ms;
  };
  Pattern pattern() const;

  Board& board_;
  const Mode& mode_;
  std::atomic<bool> blinking_{false};
  std::atomic<bool> battery_low_{false};
  int lit_ = -1;  // not known yet
};

}  // namespace rearview::camera
