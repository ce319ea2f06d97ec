#include "camera/source/pacer.h"

#include <algorithm>

#include "base/sleep.h"

namespace rearview::camera {
namespace {

SteadyClock::duration in_clock(double seconds) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Pacer::Pacer(Pace pace) : pace_(pace) {}

SteadyTime Pacer::advance(double step_s) {
  if (!started_) {
    started_ = true;
    start_ = SteadyClock::now();
    return start_;
  }
  media_s_ += step_s;
  return start_ + in_clock(media_s_);
}

double Pacer::late_s(SteadyTime due) const {
  return pace_ == Pace::fastest ? 0 : std::max(0.0, seconds_between(due, SteadyClock::now()));
}

void Pacer::forgive() {
  start_ = SteadyClock::now();
  media_s_ = 0;
}

bool Pacer::wait(std::stop_token stop, SteadyTime due) const {
  if (pace_ == Pace::fastest) return !stop.stop_requested();
  return sleep_until(stop, due);
}

}  // namespace rearview::camera
