#include "analyse/network/still_watch.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace rearview {
namespace {

constexpr int kCell_px = 8;
// The mean of 64 pixels of a noisy, strongly compressed picture wanders by a level or two; a car 10
// px wide that moves by a third of its width changes a cell at its edge by more.
constexpr int kMoved = 4;

cv::Mat cells(const cv::Mat& luma) {
  cv::Mat means;
  const cv::Size size(std::max(1, luma.cols / kCell_px), std::max(1, luma.rows / kCell_px));
  cv::resize(luma, means, size, 0, 0, cv::INTER_AREA);
  return means;
}

}  // namespace

void StillWatch::keep(const cv::Mat& luma) {
  kept_ = cells(luma);
  size_ = luma.size();
}

bool StillWatch::still(const cv::Mat& luma) const {
  if (kept_.empty() || luma.size() != size_) return false;
  return cv::norm(cells(luma), kept_, cv::NORM_INF) < kMoved;
}

}  // namespace rearview
