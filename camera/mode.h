#pragma once

#include <atomic>
#include <cstddef>

#include "base/clock.h"
#include "base/config_reader.h"
#include "base/mutex.h"

namespace rearview::camera {

enum class ModeKind {
  both,       ///< streams and records at the same time
  exclusive,  ///< either, as the first firmware did
};

struct ModeConfig {
  ModeKind kind = ModeKind::both;
  double mode_switch_timeout_s = 60;  ///< exclusive: streaming lasts at least so long

  void read(ConfigReader& reader);
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
