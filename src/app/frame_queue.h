#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/mutex.h"
#include "types/frame.h"

namespace rearview {

/// Joins receiver and analysis: the newest frame wins, as in LatestSlot, but those of one burst
/// wait for each other while there is time. A radio that lets pictures through in bursts leaves
/// pauses between them in which a burst can be analysed; its newest picture alone would be too few.
/// Where frames come one by one, nothing waits and nothing is older than it must be. Any thread.
class FrameQueue {
 public:
  /// Half of what an alert's age may be. Judged.
  static constexpr std::chrono::milliseconds kMostAge{100};

  /// Never waits. Drops the frames that aren't of this one's burst: a burst's come sooner behind
  /// each other than they were taken.
  void put(FramePtr frame);

  /// Waits for a frame and takes it; nullopt when stop is asked for first. each: what the analysis
  /// of one takes. Of those waiting it takes as many as would be analysed at kMostAge, evenly
  /// spread, and the newest in any case; the others are dropped.
  std::optional<FramePtr> take(std::stop_token stop, SteadyTime now, SteadyClock::duration each);

  /// Frames that nobody took.
  std::uint64_t dropped() const;

 private:
  /// Guard: a frame holds memory of the decoder.
  static constexpr std::size_t kMost = 16;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<FramePtr> frames_ GUARDED_BY(mutex_);
  std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;
};

}  // namespace rearview
