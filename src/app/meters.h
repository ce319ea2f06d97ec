#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <vector>

#include "base/clock.h"
#include "types/camera_status.h"

namespace rearview {

/// Events per second over the last two seconds. Not thread-safe.
class RateMeter {
 public:
  void count(SteadyTime now) {
    times_.push_back(now);
    forget(now);
  }
  double per_second(SteadyTime now) {
    forget(now);
    return static_cast<double>(times_.size()) / kWindow_s;
  }

 private:
  static constexpr double kWindow_s = 2.0;
  static constexpr std::size_t kMost = 1024;

  void forget(SteadyTime now) {
    while (!times_.empty() &&
           (seconds_between(times_.front(), now) > kWindow_s || times_.size() > kMost))
      times_.pop_front();
  }

  std::deque<SteadyTime> times_;
};

/// Percentiles of the last 512 values. Not thread-safe.
class LatencyWindow {
 public:
  void add(double ms) { values_[next_++ % values_.size()] = ms; }
  Percentiles percentiles() const {
    std::vector<double> sorted(
        values_.begin(),
        values_.begin() + static_cast<std::ptrdiff_t>(std::min(next_, values_.size())));
    if (sorted.empty()) return {};
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](double share) {
      return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
    };
    return {at(0.5), at(0.95)};
  }

 private:
  std::array<double, 512> values_{};
  std::size_t next_ = 0;
};

}  // namespace rearview
