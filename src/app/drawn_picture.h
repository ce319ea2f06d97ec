#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <utility>

#include "render/jpeg_encoder.h"

namespace rearview {

/// A picture with its overlay, lent to whoever takes it. One thread.
class DrawnPicture {
 public:
  /// bgr: CV_8UC3. encoder must outlive this.
  DrawnPicture(cv::Mat bgr, JpegEncoder& encoder) : bgr_(std::move(bgr)), encoder_(encoder) {}

  const cv::Mat& bgr() const { return bgr_; }
  /// Made once, by the first who asks. Throws std::runtime_error.
  const std::shared_ptr<const std::string>& jpeg() const {
    if (!jpeg_) jpeg_ = encoder_.encode(bgr_);
    return jpeg_;
  }

 private:
  const cv::Mat bgr_;
  JpegEncoder& encoder_;
  mutable std::shared_ptr<const std::string> jpeg_;
};

}  // namespace rearview
