#include "types/frame.h"

#include <opencv2/imgproc.hpp>

namespace rearview {
namespace {

// OpenCV's I420 conversion is BT.601 limited range and wants one buffer without row padding and
// even sides; anything else goes through full-size YCrCb, which is full range.
cv::Mat to_bgr(const Planes& planes) {
  const cv::Size size = planes.y.size();
  cv::Mat bgr;
  if (!planes.full_range && size.width % 4 == 0 && size.height % 4 == 0) {
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
  cv::Mat y = planes.y;
  cv::Mat u;
  cv::Mat v;
  cv::resize(planes.u, u, size, 0, 0, cv::INTER_LINEAR);
  cv::resize(planes.v, v, size, 0, 0, cv::INTER_LINEAR);
  if (!planes.full_range) {  // ITU-R BT.601: 219 luma and 224 chroma steps
    y.convertTo(y, CV_8U, 255.0 / 219, -16 * 255.0 / 219);
    u.convertTo(u, CV_8U, 255.0 / 224, 128 - 128 * 255.0 / 224);
    v.convertTo(v, CV_8U, 255.0 / 224, 128 - 128 * 255.0 / 224);
  }
  cv::Mat ycrcb;
  cv::merge(std::vector<cv::Mat>{y, v, u}, ycrcb);
  cv::cvtColor(ycrcb, bgr, cv::COLOR_YCrCb2BGR);
  return bgr;
}

}  // namespace

const cv::Mat& Frame::bgr() const {
  std::call_once(bgr_once_, [this] { bgr_ = to_bgr(planes_); });
  return bgr_;
}

}  // namespace rearview
