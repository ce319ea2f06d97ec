#pragma once

// Private to this room.
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace rearview::http {

/// Keeps what a client can cause at will from filling the log: one line each ten seconds, which
/// says how many there were. One thread.
class LogPause {
 public:
  /// count: all there have been. How many of them the line that is due now speaks of; nullopt when
  /// none is due.
  std::optional<std::uint64_t> due(std::uint64_t count) {
    const SteadyTime now = SteadyClock::now();
    if (told_at_ && now - *told_at_ < kPause) return std::nullopt;
    told_at_ = now;
    return count - std::exchange(told_, count);
  }

 private:
  static constexpr std::chrono::seconds kPause{10};
  std::optional<SteadyTime> told_at_;
  std::uint64_t told_ = 0;
};

}  // namespace rearview::http
