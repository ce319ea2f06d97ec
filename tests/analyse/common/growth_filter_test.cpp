#include "analyse/common/growth_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace rearview {
namespace {

// A vehicle that comes from far at constant speed: its size is focal * width / distance.
double size_at(double t_s, double ttc_at_start_s, double size_at_start_px) {
  return size_at_start_px * ttc_at_start_s / (ttc_at_start_s - t_s);
}

GrowthFilter followed(const std::vector<double>& times, double ttc_s, double noise_px,
                      unsigned seed, GrowthFilter::Channel channel = GrowthFilter::kWidth) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 1);
  GrowthFilter filter;
  double last = times.front();
  for (const double t : times) {
    filter.predict(t - last);
    filter.measure_size(channel, size_at(t, ttc_s, 30) + noise_px * noise(random),
                        std::max(0.3, noise_px), std::max(1e-3, t - last));
    last = t;
  }
  return filter;
}

std::vector<double> steady_times(double until_s, double step_s) {
  std::vector<double> times;
  for (double t = 0; t <= until_s + 1e-9; t += step_s) times.push_back(t);
  return times;
}

TEST(GrowthFilter, FindsTheExactTimeToContactOfAConstantApproach) {
  const GrowthFilter filter = followed(steady_times(3, 1.0 / 30), 6, 0, 1);
  EXPECT_NEAR(1 / filter.growth().value, 3.0, 0.15);
}

TEST(GrowthFilter, GoesByTimeNotByFrames) {
  const Estimate dense = followed(steady_times(3, 1.0 / 30), 6, 0, 1).growth();
  const Estimate sparse = followed(steady_times(3, 1.0 / 10), 6, 0, 1).growth();
  std::vector<double> uneven = steady_times(3, 1.0 / 30);
  std::mt19937 random(7);
  std::erase_if(uneven, [&](double t) { return t < 3 && random() % 3 == 0; });
  const Estimate dropped = followed(uneven, 6, 0, 1).growth();
  EXPECT_NEAR(1 / sparse.value, 1 / dense.value, 0.2);
  EXPECT_NEAR(1 / dropped.value, 1 / dense.value, 0.2);
}

TEST(GrowthFilter, IsAsSureAsItIsRight) {
  int within = 0;
  constexpr unsigned kRuns = 60;
  for (unsigned seed = 1; seed <= kRuns; ++seed) {
    const Estimate growth = followed(steady_times(2, 1.0 / 30), 6, 1.0, seed).growth();
    within += std::abs(growth.value - 0.25) < 2 * growth.sigma;
  }
  EXPECT_GE(within, 50) << "of 60 runs within two standard deviations";
}

TEST(GrowthFilter, SameSizeMeansNoGrowth) {
  GrowthFilter filter;
  for (int i = 0; i < 90; ++i) {
    filter.predict(1.0 / 30);
    filter.measure_size(GrowthFilter::kHeight, 40, 1, 1.0 / 30);
  }
  EXPECT_NEAR(filter.growth().value, 0, 0.02);
  EXPECT_LT(filter.growth().sigma, 0.12);
}

TEST(GrowthFilter, AChannelThatWasDroppedStartsAfresh) {
  GrowthFilter filter = followed(steady_times(2, 1.0 / 30), 8, 0, 1);
  const double before = filter.growth().value;
  filter.drop(GrowthFilter::kWidth);
  filter.predict(1.0 / 30);
  filter.measure_size(GrowthFilter::kWidth, 12, 1, 1.0 / 30);  // cut off at the picture's edge
  EXPECT_NEAR(filter.growth().value, before, 0.02);
}

TEST(GrowthFilter, OneBrokenBoxDoesNotTurnIt) {
  GrowthFilter filter = followed(steady_times(2, 1.0 / 30), 8, 0, 1);
  const double before = filter.growth().value;
  filter.predict(1.0 / 30);
  filter.measure_size(GrowthFilter::kWidth, 90, 1, 1.0 / 30);
  EXPECT_NEAR(filter.growth().value, before, 0.1);
}

TEST(GrowthFilter, TakesAMeasuredGrowthForWhatItIsWorth) {
  GrowthFilter sure;
  GrowthFilter unsure;
  for (int i = 0; i < 30; ++i) {
    sure.predict(1.0 / 30);
    sure.measure_growth(0.3, 0.02, 1.0 / 30);
    unsure.predict(1.0 / 30);
    unsure.measure_growth(0.3, 1.0, 1.0 / 30);
  }
  EXPECT_NEAR(sure.growth().value, 0.3, 0.05);
  EXPECT_LT(unsure.growth().value, 0.2);
  EXPECT_LT(sure.growth().sigma, unsure.growth().sigma);
}

}  // namespace
}  // namespace rearview
