#include "camera/device/status_led.h"

namespace rearview::camera {

StatusLed::Pattern StatusLed::pattern() const {
  if (battery_low_) return {50, 50};
  if (blinking_) return {100, 1000};
  if (mode_.streaming()) return {1200, 100};
  return {100, 1200};
}

void StatusLed::tick(SteadyTime now) {
  const Pattern wanted = pattern();
  const auto at_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() %
      (wanted.on_ms + wanted.off_ms);
  const int lit = at_ms < wanted.on_ms ? 1 : 0;
  if (lit == lit_) return;
  lit_ = lit;
  board_.set_led(lit == 1);
}

}  // namespace rearview::camera
