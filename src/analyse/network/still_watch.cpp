#include "analyse/network/still_watch.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "analyse/network/tuning.h"

namespace rearview {
namespace {

using namespace network_tuning::still_watch;

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
