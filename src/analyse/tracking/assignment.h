#pragma once

#include <cstddef>
#include <vector>

namespace rearview {

/// Costs of giving each row a column, row by row.
class CostTable {
 public:
  CostTable(std::size_t rows, std::size_t columns, double value)
      : rows_(rows), columns_(columns), costs_(rows * columns, value) {}
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  double& at(std::size_t row, std::size_t column) { return costs_[row * columns_ + column]; }
  double at(std::size_t row, std::size_t column) const { return costs_[row * columns_ + column]; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> costs_;
};

struct Pair {
  std::size_t row;
  std::size_t column;
};

/// The pairs, each row and column in at most one, whose costs, with `limit` for every row or
/// column left over on the shorter side, have the least sum. Costs at or above the limit never
/// pair. Time O(n² m), n the shorter side: the caller bounds the sizes.
std::vector<Pair> assign(const CostTable& costs, double limit);

}  // namespace rearview
