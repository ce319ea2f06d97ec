#include "analyse/common/growth_filter.h"

#include <algorithm>
#include <cmath>

#include "analyse/common/tuning.h"

namespace rearview {
namespace {

using namespace common_tuning::growth_filter;

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
  const double widened = ratio > kInnovationGate ? variance * ratio / kInnovationGate : variance;
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

}  // namespace rearview
