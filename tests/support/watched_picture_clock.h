#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "receive/picture_clock.h"

namespace rearview::test {

/// A PictureClock that throws std::logic_error when it breaks what it promises of any arrivals.
class WatchedPictureClock {
 public:
  SteadyTime taken(SteadyTime arrival) {
    const SteadyTime told = clock_.taken(arrival);
    const SteadyTime newest = newest_ ? std::max(arrival, *newest_) : arrival;
    const SteadyClock::duration passed = newest_ ? newest - *newest_ : SteadyClock::duration(0);
    if (told_)
      ahead_ = std::max(SteadyClock::duration(0), ahead_ + PictureClock::kLeastStep - passed);
    newest_ = newest;
    demand(told <= newest + ahead_, "no picture is taken behind its arrival");
    demand(told >= newest - kMostLate, "no picture is older than kMostLate_s at its arrival");
    demand(!told_ || told > *told_, "pictures are taken one behind the other");
    told_ = told;
    return told;
  }

 private:
  static constexpr auto kMostLate = std::chrono::duration_cast<SteadyClock::duration>(
      std::chrono::duration<double>(PictureClock::kMostLate_s));

  static void demand(bool condition, const char* promise) {
    if (!condition) throw std::logic_error(std::string("broken promise: ") + promise);
  }

  PictureClock clock_;
  std::optional<SteadyTime> newest_;  // arrival
  std::optional<SteadyTime> told_;
  SteadyClock::duration ahead_{};  // of the arrival, as several came in one moment
};

}  // namespace rearview::test
