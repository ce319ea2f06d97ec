#pragma once

#include <condition_variable>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"

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
      const MutexLock lock(mutex_);
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
    MutexLock lock(mutex_);
    if (!changed_.wait(lock, stop, [this]() REQUIRES(mutex_) { return value_.has_value(); }))
      return std::nullopt;
    return std::exchange(value_, std::nullopt);
  }

  /// As take(), but gives up with nullopt at the deadline too.
  std::optional<T> take_until(std::stop_token stop, SteadyTime deadline) {
    MutexLock lock(mutex_);
    if (!changed_.wait_until(lock, stop, deadline,
                             [this]() REQUIRES(mutex_) { return value_.has_value(); }))
      return std::nullopt;
    return std::exchange(value_, std::nullopt);
  }

  /// Values overwritten before anybody took them.
  std::uint64_t dropped() const {
    const MutexLock lock(mutex_);
    return dropped_;
  }

 private:
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<T> value_ GUARDED_BY(mutex_);
  std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;
};

}  // namespace rearview
