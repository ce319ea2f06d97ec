#include "analyse/common/boxes.h"

namespace rearview {

float iou(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float both = (a & b).area();
  const float either = a.area() + b.area() - both;
  return either > 0 ? both / either : 0;
}

}  // namespace rearview
