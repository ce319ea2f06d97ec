#include "camera/mode.h"

#include "base/log.h"

namespace rearview::camera {

Mode::Mode(const ModeConfig& config, SteadyTime now) : config_(config) {
  restart(now);
}

void Mode::restart(SteadyTime now) {
  const MutexLock lock(mutex_);
  streams_until_ = now + std::chrono::duration_cast<SteadyClock::duration>(
                             std::chrono::duration<double>(config_.mode_switch_timeout_s));
  if (!streaming_.exchange(true)) log::info("mode", "streaming");
}

void Mode::tick(std::size_t clients, SteadyTime now) {
  const MutexLock lock(mutex_);
  if (config_.kind == ModeKind::both || clients > 0 || now < streams_until_) return;
  if (streaming_.exchange(false)) log::info("mode", "recording");
}

}  // namespace rearview::camera
