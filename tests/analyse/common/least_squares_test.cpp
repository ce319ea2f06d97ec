#include "analyse/common/least_squares.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(LeastSquares, FindsALineAndHowSureItIs) {
  LeastSquares<2> fit;
  for (int x = 0; x < 10; ++x) fit.add({static_cast<double>(x), 1}, 2.0 * x + 3, 1 / 0.25);
  const auto line = fit.solve();
  const auto covariance = fit.covariance();
  ASSERT_TRUE(line && covariance);
  EXPECT_NEAR((*line)[0], 2, 1e-9);
  EXPECT_NEAR((*line)[1], 3, 1e-9);
  // Variance of a slope: that of one point over the sum of squares about their middle.
  EXPECT_NEAR((*covariance)(0, 0), 0.25 / 82.5, 1e-9);
  EXPECT_NEAR((*covariance * fit.right())[0], 2, 1e-9);
}

TEST(LeastSquares, WeighsWhatIsBelievedAgainstWhatIsMeasured) {
  LeastSquares<1> fit;
  fit.add({1}, 10, 1);
  fit.expect(0, 0, 3);
  EXPECT_NEAR((*fit.solve())[0], 2.5, 1e-9);
}

TEST(LeastSquares, SaysWhenItIsNotDetermined) {
  LeastSquares<2> fit;
  fit.add({1, 1}, 5, 1);
  EXPECT_FALSE(fit.solve());
  EXPECT_FALSE(fit.covariance());
}

TEST(LeastSquares, AnOutlierCountsForNothingOnceItIsWeighed) {
  double mean = 0;
  for (int round = 0; round < 10; ++round) {
    LeastSquares<1> fit;
    for (const double value : {1.0, 1.1, 0.9, 1.0, 50.0})
      fit.add({1}, value, round == 0 ? 1 : geman_mcclure((value - mean) * (value - mean)));
    mean = (*fit.solve())[0];
  }
  EXPECT_NEAR(mean, 1.0, 0.01);
}

}  // namespace
}  // namespace rearview
