#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace rearview::camera {

/// How far the source has come. Written by the producing thread, read by any.
class Progress {
 public:
  void picture() {
    last_ = SteadyClock::now().time_since_epoch().count();
    ++pictures_;
  }
  std::uint64_t pictures() const { return pictures_; }
  /// nullopt before the first picture.
  std::optional<double> silent_s() const {
    const SteadyClock::rep last = last_;
    if (last == 0) return std::nullopt;
    return seconds_between(SteadyTime(SteadyClock::duration(last)), SteadyClock::now());
  }

 private:
  std::atomic<std::uint64_t> pictures_{0};
  std::atomic<SteadyClock::rep> last_{0};
};

}  // namespace rearview::camera
