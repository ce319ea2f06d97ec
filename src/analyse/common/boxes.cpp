#include "analyse/common/boxes.h"

#include <algorithm>

namespace rearview {

float iou(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float both = (a & b).area();
  const float either = a.area() + b.area() - both;
  return either > 0 ? both / either : 0;
}

float cover(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float least = std::min(a.area(), b.area());
  return least > 0 ? (a & b).area() / least : 0;
}

}  // namespace rearview
