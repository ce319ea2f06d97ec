#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/enumeration.h"
#include "base/mutex.h"
#include "base/setting.h"

namespace rearview::camera {

enum class ModeKind {
  both,       ///< streams and records at the same time
  exclusive,  ///< either, as the first firmware did
};

constexpr auto names_of(ModeKind) {
  return std::to_array<std::string_view>({"both", "exclusive"});
}

struct ModeConfig {
  ModeKind kind = ModeKind::both;
  double mode_switch_timeout_s = 60;

  static constexpr auto settings() {
    using S = ModeConfig;
    return std::array{
        setting<&S::kind>("kind", "exclusive: either, as the first firmware did."),
        setting<&S::mode_switch_timeout_s>("mode_switch_timeout_s", {1, 86400},
                                           "exclusive: streaming lasts at least so long."),
    };
  }
  bool operator==(const ModeConfig&) const = default;
};

/// Whether the camera streams, records or both. In the exclusive kind it streams after the start
/// and after restart(); once the time-out is over it goes on while there are clients, and without
/// any it records. Any thread.
class Mode {
 public:
  explicit Mode(const ModeConfig& config, SteadyTime now = SteadyClock::now());

  bool streaming() const { return streaming_; }
  bool recording() const { return config_.kind == ModeKind::both || !streaming_; }
  ModeKind kind() const { return config_.kind; }

  /// Streams again for the time-out.
  void restart(SteadyTime now = SteadyClock::now());
  /// Once a second, with the number of clients of the stream.
  void tick(std::size_t clients, SteadyTime now = SteadyClock::now());

 private:
  const ModeConfig config_;
  Mutex mutex_;
  SteadyTime streams_until_ GUARDED_BY(mutex_);
  std::atomic<bool> streaming_{true};
};

}  // namespace rearview::camera
