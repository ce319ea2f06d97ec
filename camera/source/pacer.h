#pragma once

#include <stop_token>

#include "base/clock.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// Turns media time into due times: picture by picture, each a step behind the last. One thread.
class Pacer {
 public:
  explicit Pacer(Pace pace);

  /// Due time of the picture that comes step_s behind the previous one (the first: now).
  SteadyTime advance(double step_s);
  /// How far behind its due time the picture is by now. Never behind at Pace::fastest.
  double late_s(SteadyTime due) const;
  /// Lets the next due time follow from now instead of from what was missed.
  void forgive();
  /// Waits until due at Pace::real_time; false when stop is asked for first.
  bool wait(std::stop_token stop, SteadyTime due) const;

 private:
  Pace pace_;
  bool started_ = false;
  SteadyTime start_;  // of the exact clock below, so that rounding never adds up
  double media_s_ = 0;
};

}  // namespace rearview::camera
