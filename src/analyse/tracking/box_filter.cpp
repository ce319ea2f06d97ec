#include "analyse/tracking/box_filter.h"

#include <algorithm>
#include <cmath>

#include "analyse/tracking/tuning.h"

namespace rearview {
namespace {

using namespace tracking_tuning::box_filter;

/// An edge this near to the border is on it: networks stop a little short.
double border_margin(int side) {
  return std::max(kBorder_px, kBorderShare * side);
}

double first_width(const cv::Rect2f& box) {
  return std::max(box.width, 1.0F);
}

double first_height(const cv::Rect2f& box) {
  return std::max(box.height, 1.0F);
}

double first_speed(const cv::Rect2f& box) {
  return kFirstSpeed_px + kFirstSpeedShare * first_height(box);
}

}  // namespace

BoxFilter::BoxFilter(const cv::Rect2f& detected, cv::Size picture)
    : picture_(picture),
      x_({static_cast<double>(detected.x) + first_width(detected) / 2,
          kPlaceShare * first_width(detected) + kPlace_px},
         first_speed(detected)),
      y_({static_cast<double>(detected.y) + first_height(detected) / 2,
          kPlaceShare * first_height(detected) + kPlace_px},
         first_speed(detected)),
      log_width_({std::log(first_width(detected)), kLogSize + kSize_px / first_width(detected)},
                 kFirstGrowth),
      log_height_({std::log(first_height(detected)), kLogSize + kSize_px / first_height(detected)},
                  kFirstGrowth) {}

double BoxFilter::width() const {
  return std::exp(log_width_.value().value);
}

double BoxFilter::height() const {
  return std::exp(log_height_.value().value);
}

void BoxFilter::predict(double dt_s) {
  if (!(dt_s > 0)) return;
  const double acceleration = kShake_px + kSwerveShare * height();
  x_.predict(dt_s, acceleration);
  y_.predict(dt_s, acceleration);
  for (ConstantVelocityFilter* size : {&log_width_, &log_height_}) {
    size->predict(dt_s, kGrowth);
    size->limit_rate(kMostGrowth_per_s);
  }
  log_width_.limit_value(0, std::log(kMostSide * picture_.width));
  log_height_.limit_value(0, std::log(kMostSide * picture_.height));
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
  return {static_cast<float>(x_.value().value - w / 2),
          static_cast<float>(y_.value().value - h / 2), static_cast<float>(w),
          static_cast<float>(h)};
}

cv::Rect2f BoxFilter::visible() const {
  return box() & cv::Rect2f({0, 0}, cv::Size2f(picture_));
}

}  // namespace rearview
