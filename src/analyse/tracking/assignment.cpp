#include "analyse/tracking/assignment.h"

#include <algorithm>
#include <limits>

namespace rearview {

// Shortest augmenting paths with potentials (Jonker and Volgenant, Computing 38, 1987), one row
// after the other. Index 0 stands for "none", so rows and columns count from 1.
std::vector<Pair> assign(const CostTable& costs, double limit) {
  const bool turned = costs.rows() > costs.columns();
  const std::size_t n = turned ? costs.columns() : costs.rows();
  const std::size_t m = turned ? costs.rows() : costs.columns();
  const auto cost = [&](std::size_t i, std::size_t j) {
    return std::min(turned ? costs.at(j - 1, i - 1) : costs.at(i - 1, j - 1), limit);
  };
  constexpr double kFar = std::numeric_limits<double>::infinity();
  std::vector<double> of_row(n + 1);
  std::vector<double> of_column(m + 1);
  std::vector<std::size_t> row_at(m + 1);  // the row that holds a column
  std::vector<std::size_t> came_from(m + 1);
  for (std::size_t i = 1; i <= n; ++i) {
    std::vector<double> distance(m + 1, kFar);
    std::vector<bool> done(m + 1);
    row_at[0] = i;
    std::size_t column = 0;
    do {
      done[column] = true;
      const std::size_t row = row_at[column];
      double step = kFar;
      std::size_t next = 0;
      for (std::size_t j = 1; j <= m; ++j) {
        if (done[j]) continue;
        const double reduced = cost(row, j) - of_row[row] - of_column[j];
        if (reduced < distance[j]) {
          distance[j] = reduced;
          came_from[j] = column;
        }
        if (distance[j] < step) {
          step = distance[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= m; ++j) {
        if (done[j]) {
          of_row[row_at[j]] += step;
          of_column[j] -= step;
        } else {
          distance[j] -= step;
        }
      }
      column = next;
    } while (row_at[column] != 0);
    while (column != 0) {
      const std::size_t before = came_from[column];
      row_at[column] = row_at[before];
      column = before;
    }
  }
  std::vector<Pair> pairs;
  for (std::size_t j = 1; j <= m; ++j) {
    if (row_at[j] == 0 || cost(row_at[j], j) >= limit) continue;
    pairs.push_back(turned ? Pair{j - 1, row_at[j] - 1} : Pair{row_at[j] - 1, j - 1});
  }
  return pairs;
}

}  // namespace rearview
