#pragma once

#include <opencv2/core.hpp>

namespace rearview {

/// Intersection over union, 0..1.
float iou(const cv::Rect2f& a, const cv::Rect2f& b);
/// The share of the smaller one that lies in the other, 0..1.
float cover(const cv::Rect2f& a, const cv::Rect2f& b);

}  // namespace rearview
