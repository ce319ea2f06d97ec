#include "evaluate/statistics.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>

namespace rearview {

Interval wilson(std::size_t hits, std::size_t trials) {
  if (trials == 0) return {0, 1};
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double middle = p + z * z / (2 * n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  return {hits == 0 ? 0 : (middle - half) / scale, hits == trials ? 1 : (middle + half) / scale};
}

Interval poisson_rate(std::size_t count, double exposure) {
  const auto k = static_cast<double>(count);
  const double low = count == 0 ? 0 : boost::math::gamma_p_inv(k, 0.025);
  return {low / exposure, boost::math::gamma_p_inv(k + 1, 0.975) / exposure};
}

std::optional<Interval> bootstrap_mean(const std::vector<double>& values) {
  constexpr std::size_t kResamples = 10'000;
  constexpr std::uint64_t kSeed = 1;
  if (values.size() < 2) return std::nullopt;
  std::mt19937_64 random(kSeed);
  std::vector<double> means(kResamples);
  for (double& resampled : means) {
    double sum = 0;
    // Not uniform_int_distribution: its results differ between standard libraries.
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random() % values.size()];
    resampled = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  return Interval{means[kResamples / 40], means[kResamples - 1 - kResamples / 40]};
}

std::optional<double> mean(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace rearview
