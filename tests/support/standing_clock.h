#pragma once

#include <atomic>
#include <chrono>

#include "base/now.h"
#include "tests/support/eventually.h"

namespace rearview::test {

/// A clock that stands still until the test moves it on, however slow the machine is.
class StandingClock {
 public:
  /// For the product. The clock must outlive it.
  Now now() {
    return [this] {
      const SteadyTime time = SteadyTime(SteadyClock::duration(time_.load()));
      ++looks_;
      return time;
    };
  }
  void advance(SteadyClock::duration by) { time_ += by.count(); }
  SteadyTime time() const { return SteadyTime(SteadyClock::duration(time_.load())); }
  /// Waits until it has been looked at so many times from now on; false when it never is.
  bool seen(int times) {
    const auto enough = looks_ + times;
    return eventually([&] { return looks_ >= enough; });
  }

 private:
  std::atomic<SteadyClock::rep> time_ = SteadyClock::duration(std::chrono::hours(1)).count();
  std::atomic<int> looks_ = 0;
};

}  // namespace rearview::test
