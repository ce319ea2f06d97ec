#pragma once

#include <opencv2/core/mat.hpp>
#include <string_view>

#include "types/analysis.h"
#include "types/frame.h"

namespace rearview {

/// What the overlay must shout when what it shows can't be trusted: the picture is dimmed and the
/// text stands across it.
struct OverlayWarning {
  std::string_view title;   ///< two or three words, ASCII
  std::string_view detail;  ///< why; may be empty
};

/// Draws the analysis on a copy of the very frame that was analysed: boxes coloured and weighted
/// by threat, class, time to contact and distance where known, the side a threat passes on, and
/// the state of the road in words. A failed or late analysis and a blind view are drawn as a
/// warning of their own accord. Returns CV_8UC3, blue first, of the frame's size. Any thread.
cv::Mat draw_overlay(const Frame& frame, const Analysis& analysis);

/// The same with a warning from outside, when the picture itself is old: no boxes, since they
/// would show where vehicles were, not where they are.
cv::Mat draw_stale_overlay(const Frame& frame, const OverlayWarning& warning);

/// A picture for when there was never a frame. Returns CV_8UC3.
cv::Mat draw_without_frame(cv::Size size, const OverlayWarning& warning);

}  // namespace rearview
