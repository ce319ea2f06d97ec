#pragma once

#include <array>
#include <opencv2/core.hpp>

#include "types/frame.h"

namespace rearview {

/// What a network wants to see.
struct InputLayout {
  cv::Size size;            ///< both sides even
  bool keep_aspect = true;  ///< fit at the top left and pad with 114; else stretch
  bool rgb = false;         ///< red first; else blue first
  /// Each channel, in the network's order, becomes (value - mean) * scale; value 0..255.
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
};

/// A network's input tensor, filled straight from a decoder's planes: they are made small first
/// and coloured afterwards, so that no full-size BGR picture is needed. One thread.
class NetworkInput {
 public:
  /// region: the part of the picture that is shown, as fractions of its sides.
  NetworkInput(const InputLayout& layout, const cv::Rect2d& region);

  void fill(const Planes& planes);
  /// 1 x 3 x height x width, CV_32F. Valid until the next fill().
  const cv::Mat& blob() const { return blob_; }
  /// From pixels of the input to pixels of the frame that was filled in last.
  cv::Rect2f to_frame(const cv::Rect2f& box) const;
  /// The region in pixels of the frame that was filled in last.
  cv::Rect shown() const { return shown_; }

 private:
  void pad(cv::Size inner);

  InputLayout layout_;
  cv::Rect2d region_;
  cv::Mat blob_;
  cv::Mat i420_;
  cv::Mat bgr_;
  cv::Mat channel_;
  cv::Rect shown_;
  cv::Size inner_;
};

}  // namespace rearview
