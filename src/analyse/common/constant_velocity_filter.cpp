#include "analyse/common/constant_velocity_filter.h"

#include <algorithm>
#include <cmath>

namespace rearview {

ConstantVelocityFilter::ConstantVelocityFilter(const Estimate& first, double rate_sigma)
    : value_(first.value),
      var_value_(first.sigma * first.sigma),
      var_rate_(rate_sigma * rate_sigma) {}

void ConstantVelocityFilter::predict(double dt_s, double acceleration) {
  const double q = acceleration * acceleration;
  value_ += rate_ * dt_s;
  var_value_ += 2 * dt_s * covariance_ + dt_s * dt_s * var_rate_ + q * dt_s * dt_s * dt_s / 3;
  covariance_ += dt_s * var_rate_ + q * dt_s * dt_s / 2;
  var_rate_ += q * dt_s;
}

void ConstantVelocityFilter::correct(double measured, double sigma) {
  const double total = var_value_ + sigma * sigma;
  const double gain = var_value_ / total;
  const double rate_gain = covariance_ / total;
  const double innovation = measured - value_;
  value_ += gain * innovation;
  rate_ += rate_gain * innovation;
  var_rate_ -= rate_gain * covariance_;
  covariance_ *= 1 - gain;
  var_value_ *= 1 - gain;
}

void ConstantVelocityFilter::limit_value(double least, double most) {
  value_ = std::clamp(value_, least, most);
}

void ConstantVelocityFilter::limit_rate(double most) {
  rate_ = std::clamp(rate_, -most, most);
}

Estimate ConstantVelocityFilter::value() const {
  return {value_, std::sqrt(std::max(0.0, var_value_))};
}

Estimate ConstantVelocityFilter::rate() const {
  return {rate_, std::sqrt(std::max(0.0, var_rate_))};
}

}  // namespace rearview
