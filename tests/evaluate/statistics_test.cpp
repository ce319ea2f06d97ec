#include "evaluate/statistics.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(Wilson, AgreesWithThePublishedNumbers) {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  const Interval a = wilson(81, 263);
  EXPECT_NEAR(a.low, 0.2553, 5e-5);
  EXPECT_NEAR(a.high, 0.3662, 5e-5);
  const Interval b = wilson(15, 148);
  EXPECT_NEAR(b.low, 0.0624, 5e-5);
  EXPECT_NEAR(b.high, 0.1605, 5e-5);
  const Interval none = wilson(0, 20);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.1611, 5e-5);
  const Interval one = wilson(1, 29);
  EXPECT_NEAR(one.low, 0.0061, 5e-5);
  EXPECT_NEAR(one.high, 0.1718, 5e-5);
}

TEST(Wilson, AllOfAFewIsNotCertain) {
  const Interval all = wilson(5, 5);
  EXPECT_NEAR(all.low, 0.5655, 5e-5);
  EXPECT_EQ(all.high, 1);
}

TEST(Wilson, NoTrialsTellNothing) {
  EXPECT_EQ(wilson(0, 0).low, 0);
  EXPECT_EQ(wilson(0, 0).high, 1);
}

TEST(PoissonRate, AgreesWithTheExactLimits) {
  // Garwood (1936): 0 -> 3.689, 10 -> 4.795 to 18.390.
  EXPECT_EQ(poisson_rate(0, 1).low, 0);
  EXPECT_NEAR(poisson_rate(0, 1).high, 3.689, 5e-4);
  EXPECT_NEAR(poisson_rate(10, 1).low, 4.795, 5e-4);
  EXPECT_NEAR(poisson_rate(10, 1).high, 18.390, 5e-4);
  EXPECT_NEAR(poisson_rate(0, 2).high, 3.689 / 2, 5e-4);
}

TEST(BootstrapMean, HoldsTheMeanAndRepeats) {
  const std::vector<double> leads{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const auto first = bootstrap_mean(leads);
  ASSERT_TRUE(first);
  // Normal theory: 5.5 ± 1.96 * 2.872 / sqrt(10)
  EXPECT_NEAR(first->low, 3.72, 0.15);
  EXPECT_NEAR(first->high, 7.28, 0.15);
  const auto second = bootstrap_mean(leads);
  EXPECT_EQ(first->low, second->low);
  EXPECT_EQ(first->high, second->high);
}

TEST(BootstrapMean, NeedsTwoValues) {
  EXPECT_FALSE(bootstrap_mean({}));
  EXPECT_FALSE(bootstrap_mean({1}));
  EXPECT_EQ(bootstrap_mean({2, 2})->low, 2);
}

TEST(Median, OfOddEvenAndNone) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_FALSE(median({}));
  EXPECT_FALSE(mean({}));
  EXPECT_EQ(mean({1, 2, 6}), 3);
}

}  // namespace
}  // namespace rearview
