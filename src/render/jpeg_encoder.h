#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>

namespace rearview {

/// Makes baseline JPEG, 4:2:0, with libjpeg-turbo. One thread at a time.
class JpegEncoder {
 public:
  /// quality: 1 to 100.
  explicit JpegEncoder(int quality);

  /// bgr: CV_8UC3, blue first, not empty. Throws std::runtime_error when the library refuses.
  std::shared_ptr<const std::string> encode(const cv::Mat& bgr);

 private:
  int quality_;
  std::unique_ptr<void, int (*)(void*)> compressor_;
};

}  // namespace rearview
