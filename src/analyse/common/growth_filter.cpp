#include "analyse/common/growth_filter.h"

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

// Before anything is measured a vehicle may close or recede by this, per second.
constexpr double kRateOpen = 0.4;
// How much the rate wanders by braking, accelerating and turning: per second and square root of s.
constexpr double kRateWander = 0.06;
// Sizes change for other reasons than distance (turning, lights): share per square root of s.
constexpr double kSizeWander = 0.015;
// Errors of neighbouring measurements are alike over about this long.
constexpr double kBoxErrorsLast_s = 0.08;
constexpr double kGrowthErrorsLast_s = 0.5;
constexpr double kFastest = 5;  // 1/s; beyond it the vehicle is past

}  // namespace

cv::Matx<double, GrowthFilter::kSize, GrowthFilter::kSize> GrowthFilter::initial() {
  auto covariance = cv::Matx<double, kSize, kSize>::zeros();
  for (int i = 0; i < kChannels; ++i) covariance(i, i) = 1;
  covariance(kRate, kRate) = kRateOpen * kRateOpen;
  return covariance;
}

void GrowthFilter::predict(double dt) {
  const double rate = state_[kRate];
  for (int i = 0; i < kChannels; ++i) state_[i] += rate * dt;
  state_[kRate] = std::clamp(rate + rate * rate * dt, -kFastest, kFastest);
  auto transition = cv::Matx<double, kSize, kSize>::eye();
  for (int i = 0; i < kChannels; ++i) transition(i, kRate) = dt;
  transition(kRate, kRate) = std::clamp(1 + 2 * rate * dt, 0.5, 2.0);
  covariance_ = transition * covariance_ * transition.t();
  for (int i = 0; i < kChannels; ++i) covariance_(i, i) += kSizeWander * kSizeWander * dt;
  covariance_(kRate, kRate) += kRateWander * kRateWander * dt;
}

void GrowthFilter::update(int row, double innovation, double variance) {
  const double total = covariance_(row, row) + variance;
  // What lies far outside is told by the wrong vehicle or a broken box: it counts less.
  const double ratio = innovation * innovation / total;
  const double widened = ratio > 9 ? variance * ratio / 9 : variance;
  const double sum = covariance_(row, row) + widened;
  cv::Vec<double, kSize> gain;
  for (int i = 0; i < kSize; ++i) gain[i] = covariance_(i, row) / sum;
  const cv::Matx<double, 1, kSize> line = covariance_.row(row);
  for (int i = 0; i < kSize; ++i) {
    state_[i] += gain[i] * innovation;
    for (int j = 0; j < kSize; ++j) covariance_(i, j) -= gain[i] * line(0, j);
  }
  covariance_ = (covariance_ + covariance_.t()) * 0.5;
  state_[kRate] = std::clamp(state_[kRate], -kFastest, kFastest);
}

void GrowthFilter::measure_size(Channel channel, double size_px, double sigma_px, double dt) {
  if (size_px <= 0) return;
  const double size = std::log(size_px);
  const double alike = std::clamp(kBoxErrorsLast_s / std::max(dt, 1e-3), 1.0, 30.0);
  const double variance = sigma_px * sigma_px / (size_px * size_px) * alike;
  if (!known_[static_cast<std::size_t>(channel)]) {
    known_[static_cast<std::size_t>(channel)] = true;
    state_[channel] = size;
    for (int i = 0; i < kSize; ++i) covariance_(channel, i) = covariance_(i, channel) = 0;
    covariance_(channel, channel) = variance;
    return;
  }
  update(channel, size - state_[channel], variance);
}

void GrowthFilter::measure_growth(double growth, double sigma, double dt) {
  const double alike = std::clamp(kGrowthErrorsLast_s / std::max(dt, 1e-3), 1.0, 30.0);
  update(kRate, growth - state_[kRate], sigma * sigma * alike);
}

Estimate GrowthFilter::growth() const {
  return {state_[kRate], std::sqrt(std::max(0.0, covariance_(kRate, kRate)))};
}

void LinearFilter::predict(double dt, double acceleration_sigma) {
  if (!started_) return;
  state_[0] += state_[1] * dt;
  const cv::Matx22d transition(1, dt, 0, 1);
  covariance_ = transition * covariance_ * transition.t();
  const double q = acceleration_sigma * acceleration_sigma;
  covariance_(0, 0) += q * dt * dt * dt / 3;
  covariance_(0, 1) += q * dt * dt / 2;
  covariance_(1, 0) += q * dt * dt / 2;
  covariance_(1, 1) += q * dt;
}

void LinearFilter::measure(double value, double sigma) {
  if (!started_) {
    started_ = true;
    state_ = {value, 0};
    covariance_ = {sigma * sigma, 0, 0, 0.25};
    return;
  }
  const double total = covariance_(0, 0) + sigma * sigma;
  const cv::Vec2d gain(covariance_(0, 0) / total, covariance_(1, 0) / total);
  const double off = value - state_[0];
  state_ += gain * off;
  const cv::Matx12d line = covariance_.row(0);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) covariance_(i, j) -= gain[i] * line(0, j);
}

Estimate LinearFilter::value() const {
  return {state_[0], std::sqrt(std::max(0.0, covariance_(0, 0)))};
}

Estimate LinearFilter::rate() const {
  return {state_[1], std::sqrt(std::max(0.0, covariance_(1, 1)))};
}

}  // namespace rearview
