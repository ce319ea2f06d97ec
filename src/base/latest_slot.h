#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"

namespace rearview {

/// Joins two threads where only the newest value matters: put() never waits and overwrites what
/// was not taken, so age is bounded and nothing piles up. Any thread.
template <typename T>
class LatestSlot {
 public:
  /// Replaces the waiting value. Returns false when that dropped one nobody took.
  bool put(T value) {
    bool nothing_lost = true;
    {
      const std::lock_guard lock(mutex_);
      if (value_) {
        ++dropped_;
        nothing_lost = false;
      }
      value_ = std::move(value);
    }
    changed_.notify_one();
    return nothing_lost;
  }

  /// Waits for a value and takes it; nullopt when stop is asked for first.
  std::optional<T> take(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return value_.has_value(); })) return std::nullopt;
    return std::exchange(value_, std::nullopt);
  }

  /// As take(), but gives up with nullopt at the deadline too.
  std::optional<T> take_until(std::stop_token stop, SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, stop, deadline, [this] { return value_.has_value(); }))
      return std::nullopt;
    return std::exchange(value_, std::nullopt);
  }

  /// Values overwritten before anybody took them.
  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<T> value_;
  std::uint64_t dropped_ = 0;
};

}  // namespace rearview
