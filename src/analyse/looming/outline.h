#pragma once

#include <opencv2/core.hpp>
#include <optional>

namespace rearview {

/// Finds how far a moving thing reaches: pixels that its own motion explains better than the
/// background's belong to it, edges as well as corners.
///
/// now, then: two luma pictures (CV_8UC1, same size). own, background: 2x3 maps from places in
/// `now` to places in `then`, for the thing and for what is far behind it. core: where the thing is
/// known to be. most: how far it may reach. nullopt where the pictures don't tell.
std::optional<cv::Rect2d> find_outline(const cv::Mat& now, const cv::Mat& then,
                                       const cv::Matx23d& own, const cv::Matx23d& background,
                                       const cv::Rect2d& core, const cv::Rect2d& most);

}  // namespace rearview
