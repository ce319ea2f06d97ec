#include "analyse/network/look_rate.h"

#include <fmt/core.h>

#include "analyse/network/tuning.h"

namespace rearview {

using namespace network_tuning::look_rate;

void LookRate::count(bool looked, double t_s) {
  if (!first_s_) first_s_ = t_s;
  last_s_ = t_s;
  if (looked && (looks_s_.empty() || t_s - looks_s_.back() >= kSameMoment_s))
    looks_s_.push_back(t_s);
  while (!looks_s_.empty() && t_s - looks_s_.front() > kSpan_s - kSameMoment_s)
    looks_s_.pop_front();
  const bool enough = static_cast<double>(looks_s_.size()) >= kLeast_per_s * kSpan_s;
  if (t_s - *first_s_ < kSpan_s || enough)
    slow_since_s_.reset();
  else if (!slow_since_s_)
    slow_since_s_ = t_s;
}

void LookRate::judge(Analysis& analysis) const {
  if (!slow_since_s_ || last_s_ - *slow_since_s_ < kSlow_s) return;
  analysis.state = AnalysisState::degraded;
  if (analysis.road == Road::blind) return;  // for a reason that was found before
  analysis.road = Road::blind;
  analysis.text =
      fmt::format("the detector looks {} times a second: too seldom to warn", looks_s_.size());
}

}  // namespace rearview
