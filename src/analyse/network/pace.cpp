#include "analyse/network/pace.h"

#include <algorithm>
#include <utility>

#include "analyse/network/tuning.h"

namespace rearview {

using namespace network_tuning::pace;

Pace::Pace(std::size_t steps) : steps_(steps), wait_s_(kWait_s) {}

bool Pace::see(std::uint64_t seq, double t_s) {
  if (!window_ || seq <= window_->seq || t_s < window_->t_s) {
    window_ = Window{seq, t_s, 0};
    return false;
  }
  ++window_->analysed;
  const double span_s = t_s - window_->t_s;
  if (span_s < kWindow_s) return false;
  analysed_per_s_ = static_cast<double>(window_->analysed) / span_s;
  offered_per_s_ = static_cast<double>(seq - window_->seq) / span_s;
  window_ = Window{seq, t_s, 0};
  return judge(span_s);
}

bool Pace::judge(double span_s) {
  const double lost = 1 - analysed_per_s_ / offered_per_s_;
  calm_s_ = lost <= kNoneLost ? calm_s_ + span_s : 0;
  if (lost > kLost && analysed_per_s_ < kEnough_per_s) {
    if (std::exchange(trying_, false)) wait_s_ = std::min(2 * wait_s_, kLongestWait_s);
    if (step_ + 1 == steps_) return false;
    ++step_;
    return true;
  }
  if (trying_ && calm_s_ >= kWait_s) {
    trying_ = false;
    wait_s_ = kWait_s;
  }
  if (step_ == 0 || calm_s_ < wait_s_) return false;
  --step_;
  trying_ = true;
  calm_s_ = 0;
  return true;
}

}  // namespace rearview
