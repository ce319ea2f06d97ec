#pragma once

#include <opencv2/core.hpp>
#include <optional>

namespace rearview {

/// Weight of a residual whose square, in the scale from which on residuals count less, is
/// ratio_squared (Geman and McClure 1987): what lies far outside counts for nothing.
inline double geman_mcclure(double ratio_squared) {
  return 1 / ((1 + ratio_squared) * (1 + ratio_squared));
}

/// Weighted least squares in N unknowns by their normal equations. For a robust fit solve it again
/// and again, with weights by what the last solution left over.
template <int N>
class LeastSquares {
 public:
  using Unknowns = cv::Vec<double, N>;

  /// jacobian . unknowns should be value; weight: 1 / variance.
  void add(const Unknowns& jacobian, double value, double weight) {
    for (int i = 0; i < N; ++i) {
      right_[i] += weight * jacobian[i] * value;
      for (int j = i; j < N; ++j) normal_(i, j) += weight * jacobian[i] * jacobian[j];
    }
  }
  /// What is believed of one unknown beforehand.
  void expect(int unknown, double value, double weight) {
    normal_(unknown, unknown) += weight;
    right_[unknown] += weight * value;
  }

  /// nullopt where what was added doesn't determine them.
  std::optional<Unknowns> solve() const {
    Unknowns found;
    if (!cv::solve(normal(), right_, found, cv::DECOMP_CHOLESKY)) return std::nullopt;
    return found;
  }
  /// Of the unknowns, by the weights as given. nullopt likewise.
  std::optional<cv::Matx<double, N, N>> covariance() const {
    bool solved = false;
    const cv::Matx<double, N, N> inverse = normal().inv(cv::DECOMP_CHOLESKY, &solved);
    if (!solved) return std::nullopt;
    return inverse;
  }
  /// Of the normal equations; covariance() times it solves them.
  const Unknowns& right() const { return right_; }
  /// Their matrix, symmetrical.
  cv::Matx<double, N, N> normal() const {
    cv::Matx<double, N, N> whole = normal_;
    for (int i = 0; i < N; ++i)
      for (int j = 0; j < i; ++j) whole(i, j) = normal_(j, i);
    return whole;
  }

 private:
  cv::Matx<double, N, N> normal_ = cv::Matx<double, N, N>::zeros();  ///< its upper half
  Unknowns right_ = Unknowns::all(0);
};

}  // namespace rearview
