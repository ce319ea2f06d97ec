#include "analyse/tracking/box_filter.h"

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

// Noise of detections, from the residuals of COCO networks on road video: a share of the side and
// about a pixel of the network's input.
constexpr double kPlaceShare = 0.03;
constexpr double kPlace_px = 0.8;
constexpr double kLogSize = 0.04;
constexpr double kSize_px = 1.0;
// A side that the border cuts is guessed from the other one.
constexpr double kLogSizeGuessed = 0.2;

// Spectral density of the acceleration, per second^1.5. The constant part is the camera's own
// shaking, the other a vehicle that swings out or comes close.
constexpr double kShake_px = 20;
constexpr double kSwerveShare = 0.8;
constexpr double kGrowth = 0.4;

// Uncertainty of the rates of a box seen once.
constexpr double kFirstSpeed_px = 20;
constexpr double kFirstSpeedShare = 1.0;
constexpr double kFirstGrowth = 0.5;

constexpr double kMostGrowth_per_s = 4;
constexpr double kMostSide = 3;  // times the picture's: keeps a coasting box finite

/// An edge this near to the border is on it: networks stop a little short.
double border_margin(int side) {
  return std::max(2.0, 0.006 * side);
}

double square(double v) {
  return v * v;
}

}  // namespace

void BoxFilter::Axis::predict(double dt_s, double acceleration) {
  const double q = square(acceleration);
  value += rate * dt_s;
  var_value += 2 * dt_s * covariance + square(dt_s) * var_rate + q * dt_s * dt_s * dt_s / 3;
  covariance += dt_s * var_rate + q * square(dt_s) / 2;
  var_rate += q * dt_s;
}

void BoxFilter::Axis::correct(double measured, double sigma) {
  const double total = var_value + square(sigma);
  const double gain = var_value / total;
  const double rate_gain = covariance / total;
  const double off = measured - value;
  value += gain * off;
  rate += rate_gain * off;
  var_rate -= rate_gain * covariance;
  covariance *= 1 - gain;
  var_value *= 1 - gain;
}

BoxFilter::BoxFilter(const cv::Rect2f& detected, cv::Size picture) : picture_(picture) {
  const double w = std::max(detected.width, 1.0F);
  const double h = std::max(detected.height, 1.0F);
  x_.value = static_cast<double>(detected.x) + w / 2;
  y_.value = static_cast<double>(detected.y) + h / 2;
  log_width_.value = std::log(w);
  log_height_.value = std::log(h);
  x_.var_value = square(kPlaceShare * w + kPlace_px);
  y_.var_value = square(kPlaceShare * h + kPlace_px);
  log_width_.var_value = square(kLogSize + kSize_px / w);
  log_height_.var_value = square(kLogSize + kSize_px / h);
  x_.var_rate = y_.var_rate = square(kFirstSpeed_px + kFirstSpeedShare * h);
  log_width_.var_rate = log_height_.var_rate = square(kFirstGrowth);
}

double BoxFilter::width() const {
  return std::exp(log_width_.value);
}

double BoxFilter::height() const {
  return std::exp(log_height_.value);
}

void BoxFilter::predict(double dt_s) {
  if (!(dt_s > 0)) return;
  const double acceleration = kShake_px + kSwerveShare * height();
  x_.predict(dt_s, acceleration);
  y_.predict(dt_s, acceleration);
  for (Axis* axis : {&log_width_, &log_height_}) {
    axis->predict(dt_s, kGrowth);
    axis->rate = std::clamp(axis->rate, -kMostGrowth_per_s, kMostGrowth_per_s);
  }
  log_width_.value = std::clamp(log_width_.value, 0.0, std::log(kMostSide * picture_.width));
  log_height_.value = std::clamp(log_height_.value, 0.0, std::log(kMostSide * picture_.height));
}

void BoxFilter::correct(const cv::Rect2f& detected, double spread) {
  const double seen_w = std::max(detected.width, 1.0F);
  const double seen_h = std::max(detected.height, 1.0F);
  const double left = detected.x;
  const double right = left + seen_w;
  const double top = detected.y;
  const double bottom = top + seen_h;
  const double margin_x = border_margin(picture_.width);
  const double margin_y = border_margin(picture_.height);
  const bool cut_left = left <= margin_x;
  const bool cut_right = right >= picture_.width - margin_x;
  const bool cut_top = top <= margin_y;
  const bool cut_bottom = bottom >= picture_.height - margin_y;
  const bool cut_x = cut_left || cut_right;
  const bool cut_y = cut_top || cut_bottom;

  // What grew on the side that is seen grew on the other.
  double w = seen_w;
  double h = seen_h;
  if (cut_x) w = std::max(seen_w, cut_y ? width() : width() * seen_h / height());
  if (cut_y) h = std::max(seen_h, cut_x ? height() : height() * seen_w / width());

  log_width_.correct(std::log(w), spread * (cut_x ? kLogSizeGuessed : kLogSize + kSize_px / w));
  log_height_.correct(std::log(h), spread * (cut_y ? kLogSizeGuessed : kLogSize + kSize_px / h));

  // Of a cut side the edge that is seen must stay where it is seen, so the centre follows from it
  // and the size as it is believed now. Cut on both edges, a side tells nothing of the centre.
  const double place_x = spread * (kPlaceShare * w + kPlace_px);
  const double place_y = spread * (kPlaceShare * h + kPlace_px);
  if (!cut_x)
    x_.correct((left + right) / 2, place_x);
  else if (!(cut_left && cut_right))
    x_.correct(cut_left ? right - width() / 2 : left + width() / 2, place_x);
  if (!cut_y)
    y_.correct((top + bottom) / 2, place_y);
  else if (!(cut_top && cut_bottom))
    y_.correct(cut_top ? bottom - height() / 2 : top + height() / 2, place_y);
}

cv::Rect2f BoxFilter::box() const {
  const double w = width();
  const double h = height();
  return {static_cast<float>(x_.value - w / 2), static_cast<float>(y_.value - h / 2),
          static_cast<float>(w), static_cast<float>(h)};
}

cv::Rect2f BoxFilter::visible() const {
  return box() & cv::Rect2f({0, 0}, cv::Size2f(picture_));
}

}  // namespace rearview
