#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "base/clock.h"

namespace rearview {

/// When to try again after a failure: twice as long each time up to a most, less up to half of it
/// by chance, so that many that failed together don't come back together. One thread.
class Backoff {
 public:
  Backoff(int min_ms, int max_ms) : min_ms_(min_ms), max_ms_(max_ms), next_ms_(min_ms) {}

  /// at_least_ms: asked for by the other side; max_ms at most.
  void failed(SteadyTime now, int at_least_ms = 0) {
    std::uniform_int_distribution<int> part(next_ms_ / 2, next_ms_);
    const int wait_ms = std::max(part(random_), std::min(at_least_ms, max_ms_));
    until_ = now + std::chrono::milliseconds(wait_ms);
    next_ms_ = next_ms_ > max_ms_ / 2 ? max_ms_ : next_ms_ * 2;
  }
  void succeeded() {
    next_ms_ = min_ms_;
    until_ = {};
  }
  /// Milliseconds until the next try; 0: now.
  int wait_ms(SteadyTime now) const {
    if (until_ <= now) return 0;
    return static_cast<int>(std::ceil(ms_between(now, until_)));
  }

 private:
  int min_ms_;
  int max_ms_;
  int next_ms_;
  SteadyTime until_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace rearview
