#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "base/clock.h"

namespace rearview {

/// How far long work has come: one line on a terminal's standard error, redrawn a few times a
/// second; nothing elsewhere. One thread.
class ProgressLine {
 public:
  ProgressLine() = default;
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Whether it is time to draw again.
  bool due() const {
    constexpr double kInterval_s = 0.2;
    return shown_ && seconds_between(drawn_, SteadyClock::now()) >= kInterval_s;
  }
  void draw(const std::string& text) {
    if (!shown_) return;
    drawn_ = SteadyClock::now();
    stands_ = true;
    fmt::print(stderr, "\r\x1b[K{} ", text);
    std::fflush(stderr);
  }
  /// Takes the line away, before other output.
  void clear() {
    if (std::exchange(stands_, false)) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool stands_ = false;
  bool shown_ = isatty(STDERR_FILENO) == 1;
  SteadyTime drawn_ = SteadyClock::now();
};

}  // namespace rearview
