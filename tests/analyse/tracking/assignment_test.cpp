#include "analyse/tracking/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace rearview {
namespace {

double sum(const CostTable& costs, const std::vector<Pair>& pairs, double limit) {
  double total = 0;
  for (const Pair& pair : pairs) total += costs.at(pair.row, pair.column);
  const std::size_t shorter = std::min(costs.rows(), costs.columns());
  return total + limit * static_cast<double>(shorter - pairs.size());
}

/// By trying all permutations of the longer side.
double least_sum(const CostTable& costs, double limit) {
  const bool turned = costs.rows() > costs.columns();
  std::vector<std::size_t> order(std::max(costs.rows(), costs.columns()));
  std::iota(order.begin(), order.end(), 0U);
  double best = 1e9;
  do {
    double total = 0;
    for (std::size_t i = 0; i < std::min(costs.rows(), costs.columns()); ++i)
      total += std::min(limit, turned ? costs.at(order[i], i) : costs.at(i, order[i]));
    best = std::min(best, total);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

TEST(Assign, PrefersTheLeastSumToTheLeastFirst) {
  CostTable costs(2, 2, 1);
  costs.at(0, 0) = 0.1;
  costs.at(0, 1) = 0.2;
  costs.at(1, 0) = 0.15;
  const auto pairs = assign(costs, 0.9);
  ASSERT_EQ(pairs.size(), 2U);
  for (const Pair& pair : pairs) EXPECT_NE(pair.row, pair.column);
}

TEST(Assign, NeverPairsAtOrAboveTheLimit) {
  CostTable costs(2, 3, 0.5);
  costs.at(1, 2) = 0.49;
  const auto pairs = assign(costs, 0.5);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].row, 1U);
  EXPECT_EQ(pairs[0].column, 2U);
}

TEST(Assign, NothingToAssignIsFine) {
  EXPECT_TRUE(assign(CostTable(0, 0, 0), 1).empty());
  EXPECT_TRUE(assign(CostTable(3, 0, 0), 1).empty());
  EXPECT_TRUE(assign(CostTable(0, 3, 0), 1).empty());
}

TEST(Assign, AgreesWithTryingEverything) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> cost(0, 1);
  for (int round = 0; round < 200; ++round) {
    CostTable costs(1 + random() % 6, 1 + random() % 6, 0);
    for (std::size_t r = 0; r < costs.rows(); ++r) {
      for (std::size_t c = 0; c < costs.columns(); ++c) costs.at(r, c) = cost(random);
    }
    const auto pairs = assign(costs, 0.6);
    EXPECT_NEAR(sum(costs, pairs, 0.6), least_sum(costs, 0.6), 1e-9) << "round " << round;
    std::vector<bool> row(6);
    std::vector<bool> column(6);
    for (const Pair& pair : pairs) {
      EXPECT_FALSE(row[pair.row] || column[pair.column]);
      row[pair.row] = column[pair.column] = true;
    }
  }
}

}  // namespace
}  // namespace rearview
