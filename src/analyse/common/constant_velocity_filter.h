#pragma once

#include "analyse/common/estimate.h"

namespace rearview {

/// Kalman filter of one coordinate with constant velocity and white acceleration (Bar-Shalom, Li
/// and Kirubarajan 2001, 6.2.2). Times are in seconds, any gap is allowed.
class ConstantVelocityFilter {
 public:
  /// first: measured; rate_sigma: by how much it may move per second.
  ConstantVelocityFilter(const Estimate& first, double rate_sigma);

  /// acceleration: square root of its spectral density, units per second^1.5.
  void predict(double dt_s, double acceleration);
  void correct(double measured, double sigma);
  void limit_value(double least, double most);
  /// most: of either sign.
  void limit_rate(double most);

  Estimate value() const;
  Estimate rate() const;

 private:
  double value_;
  double rate_ = 0;
  double var_value_;
  double covariance_ = 0;
  double var_rate_;
};

}  // namespace rearview
