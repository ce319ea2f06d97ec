#pragma once

#include <algorithm>

#include "analyse/common/estimate.h"
#include "analyse/looming/tuning.h"

namespace rearview {

/// Growth at the end of a span by its mean over it, both 1/s. At constant closing speed a time to
/// contact of T in the middle is T less half the span at the end, so growth, 1 / T, has gone on
/// rising since.
inline Estimate growth_at_end(const Estimate& mean, double span_s) {
  using namespace looming_tuning::mean_growth;
  const double lead = std::clamp(1 - mean.value * span_s / 2, kLeastLead, kMostLead);
  return {mean.value / lead, mean.sigma / (lead * lead)};
}

}  // namespace rearview
