#pragma once

#include <array>
#include <opencv2/core.hpp>

#include "analyse/common/estimate.h"

namespace rearview {

/// Extended Kalman filter of how a vehicle's picture grows. State: logarithms of several sizes
/// (width, height, distance of its inner edge from the vanishing point), which all grow at one
/// rate, and that rate: 1 / time to contact (Lee 1976: tau). At constant closing speed the rate's
/// own derivative is its square. Times are stream times; any gap is allowed.
class GrowthFilter {
 public:
  enum Channel : int { kWidth, kHeight, kOffset };
  static constexpr int kChannels = 3;

  void predict(double dt);
  /// size_px > 0; sigma_px: of one measurement; dt: since the last one, because neighbouring
  /// measurements share their errors.
  void measure_size(Channel channel, double size_px, double sigma_px, double dt);
  /// The channel's next measurement starts it afresh: the size means something else from now on.
  void drop(Channel channel) { known_[static_cast<std::size_t>(channel)] = false; }
  /// A growth that a detector measured over about baseline_s.
  void measure_growth(double growth, double sigma, double dt);

  Estimate growth() const;

 private:
  static constexpr int kSize = kChannels + 1;
  static constexpr int kRate = kChannels;
  void update(int row, double innovation, double variance);

  cv::Vec<double, kSize> state_ = cv::Vec<double, kSize>::zeros();
  cv::Matx<double, kSize, kSize> covariance_ = initial();
  std::array<bool, kChannels> known_{};

  static cv::Matx<double, kSize, kSize> initial();
};

}  // namespace rearview
