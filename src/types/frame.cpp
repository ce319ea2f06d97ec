#include "types/frame.h"

#include <opencv2/imgproc.hpp>

namespace rearview {
namespace {

struct Weights {
  double red;
  double blue;
};

/// Of red and blue in the luma.
Weights weights_of(ColourMatrix matrix) {
  switch (matrix) {
    case ColourMatrix::bt709:
      return {0.2126, 0.0722};
    case ColourMatrix::bt2020:
      return {0.2627, 0.0593};
    case ColourMatrix::bt601:
      break;
  }
  return {0.299, 0.114};
}

/// From luma, blue and red difference to blue, green, red; 3 x 4, the last column is added.
cv::Matx34d conversion(const Planes& planes) {
  const auto [red, blue] = weights_of(planes.matrix);
  const double green = 1 - red - blue;
  // Limited range: 219 luma steps from 16 on, and 224 of colour.
  const double y = planes.full_range ? 1 : 255.0 / 219;
  const double c = planes.full_range ? 1 : 255.0 / 224;
  const double to_blue = 2 * (1 - blue) * c;
  const double to_red = 2 * (1 - red) * c;
  const double blue_in_green = -to_blue * blue / green;
  const double red_in_green = -to_red * red / green;
  const double black = planes.full_range ? 0 : -16 * y;
  return {y,
          to_blue,
          0,
          black - 128 * to_blue,
          y,
          blue_in_green,
          red_in_green,
          black - 128 * (blue_in_green + red_in_green),
          y,
          0,
          to_red,
          black - 128 * to_red};
}

}  // namespace

cv::Mat to_bgr(const Planes& planes) {
  const cv::Size size = planes.y.size();
  cv::Mat bgr;
  // OpenCV's I420 conversion is BT.601 limited range and wants one buffer without row padding and
  // even sides.
  if (planes.matrix == ColourMatrix::bt601 && !planes.full_range && size.width % 4 == 0 &&
      size.height % 4 == 0) {
    cv::Mat i420(size.height * 3 / 2, size.width, CV_8UC1);
    planes.y.copyTo(i420.rowRange(0, size.height));
    const cv::Size half(size.width / 2, size.height / 2);
    std::uint8_t* chroma = i420.ptr(size.height);
    cv::Mat u(half, CV_8UC1, chroma);
    cv::Mat v(half, CV_8UC1, chroma + half.area());
    planes.u.copyTo(u);
    planes.v.copyTo(v);
    cv::cvtColor(i420, bgr, cv::COLOR_YUV2BGR_I420);
    return bgr;
  }
  cv::Mat u;
  cv::Mat v;
  cv::resize(planes.u, u, size, 0, 0, cv::INTER_LINEAR);
  cv::resize(planes.v, v, size, 0, 0, cv::INTER_LINEAR);
  cv::Mat yuv;
  cv::merge(std::vector<cv::Mat>{planes.y, u, v}, yuv);
  cv::transform(yuv, bgr, conversion(planes));
  return bgr;
}

const cv::Mat& Frame::bgr() const {
  std::call_once(bgr_once_, [this] { bgr_ = to_bgr(planes_); });
  return bgr_;
}

}  // namespace rearview
