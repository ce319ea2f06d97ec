#pragma once

#include <opencv2/core.hpp>

namespace rearview {

/// Tells from the luma whether anything has moved since a picture that was kept: the means of small
/// cells are compared, so that noise and compression don't count, and slow change adds up because
/// the kept picture stays. One thread.
class StillWatch {
 public:
  /// luma: CV_8UC1. Remembers the picture that later ones are compared with.
  void keep(const cv::Mat& luma);
  /// False where no picture of this size is kept.
  bool still(const cv::Mat& luma) const;
  void clear() { kept_.release(); }

 private:
  cv::Mat kept_;  ///< CV_8UC1, one value a cell
  cv::Size size_;
};

}  // namespace rearview
