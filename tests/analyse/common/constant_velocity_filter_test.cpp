#include "analyse/common/constant_velocity_filter.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(ConstantVelocityFilter, FollowsASlope) {
  ConstantVelocityFilter filter({0.1, 0.005}, 0.5);
  for (int i = 1; i < 60; ++i) {
    filter.predict(1.0 / 30, 0.2);
    filter.correct(0.1 + 0.2 * i / 30.0, 0.005);
  }
  EXPECT_NEAR(filter.rate().value, 0.2, 0.02);
  EXPECT_NEAR(filter.value().value, 0.1 + 0.2 * 59 / 30.0, 0.01);
}

TEST(ConstantVelocityFilter, PredictionInOneStepOrManyIsTheSame) {
  ConstantVelocityFilter once({1, 0.1}, 2);
  once.predict(0.1, 0.4);
  once.correct(1.2, 0.1);
  ConstantVelocityFilter often = once;
  once.predict(0.5, 0.4);
  for (int i = 0; i < 10; ++i) often.predict(0.05, 0.4);
  EXPECT_NEAR(once.value().value, often.value().value, 1e-9);
  EXPECT_NEAR(once.value().sigma, often.value().sigma, 1e-9);
  EXPECT_NEAR(once.rate().sigma, often.rate().sigma, 1e-9);
}

TEST(ConstantVelocityFilter, DoubtShrinksByMeasuringAndGrowsByWaiting) {
  ConstantVelocityFilter filter({0, 1}, 1);
  filter.correct(0, 1);
  EXPECT_LT(filter.value().sigma, 1);
  const double before = filter.value().sigma;
  filter.predict(1, 0);
  EXPECT_GT(filter.value().sigma, before);
}

TEST(ConstantVelocityFilter, StaysWithinItsLimits) {
  ConstantVelocityFilter filter({0, 0.1}, 10);
  filter.predict(0.1, 1);
  filter.correct(5, 0.1);
  filter.limit_rate(2);
  EXPECT_DOUBLE_EQ(filter.rate().value, 2);
  filter.limit_value(0, 3);
  EXPECT_DOUBLE_EQ(filter.value().value, 3);
}

}  // namespace
}  // namespace rearview
