#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace rearview {

struct Interval {
  double low = 0;
  double high = 0;
};

/// 95 % interval of a share, hits of trials (Wilson, J. Am. Stat. Assoc. 22, 1927). No trials:
/// 0 to 1.
Interval wilson(std::size_t hits, std::size_t trials);

/// 95 % interval of a rate, count events in an exposure > 0 (Garwood, Biometrika 28, 1936).
Interval poisson_rate(std::size_t count, double exposure);

/// 95 % percentile interval of the mean from 10 000 resamples (Efron 1979). The same values give
/// the same interval. Null for fewer than two values.
std::optional<Interval> bootstrap_mean(const std::vector<double>& values);

/// Null for no values.
std::optional<double> mean(const std::vector<double>& values);
std::optional<double> median(std::vector<double> values);

}  // namespace rearview
