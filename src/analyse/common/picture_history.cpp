#include "analyse/common/picture_history.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "analyse/common/tuning.h"

namespace rearview {

using namespace common_tuning::picture_history;

const KeptPicture& PictureHistory::of(const Frame& frame) {
  if (!of_frame_ || newest_seq_ != frame.seq || newest_epoch_ != frame.epoch) {
    add(frame.luma(), frame.t_s);
    of_frame_ = true;
    newest_seq_ = frame.seq;
    newest_epoch_ = frame.epoch;
  }
  return pictures_.back();
}

const KeptPicture& PictureHistory::add(const cv::Mat& luma, double t_s) {
  of_frame_ = false;
  if (luma.size() != added_ || (!pictures_.empty() && pictures_.back().t_s > t_s)) clear();
  added_ = luma.size();
  if (!pictures_.empty() && t_s - pictures_.back().t_s < kTimeSlack_s) pictures_.pop_back();
  while (!pictures_.empty() && (t_s - pictures_.front().t_s > kSpan_s + kTimeSlack_s ||
                                pictures_.size() >= kMostPictures))
    pictures_.pop_front();
  if (!pictures_.empty()) {
    std::vector<cv::Mat>& pyramid = pictures_.back().pyramid;
    for (std::size_t i = 1; i < pyramid.size(); i += 2) pyramid[i].release();
  }

  KeptPicture picture;
  picture.t_s = t_s;
  picture.scale = std::min(1.0, static_cast<double>(kWidest_px) / luma.cols);
  cv::Mat small = luma;
  if (picture.scale < 1) {
    const cv::Size size(std::max(1, cvRound(luma.cols * picture.scale)),
                        std::max(1, cvRound(luma.rows * picture.scale)));
    cv::resize(luma, small, size, 0, 0, cv::INTER_AREA);
  }
  cv::buildOpticalFlowPyramid(small, picture.pyramid, kFlowWindow, kFlowLevels, true,
                              cv::BORDER_REFLECT_101, cv::BORDER_CONSTANT, false);
  pictures_.push_back(std::move(picture));
  return pictures_.back();
}

void PictureHistory::clear() {
  pictures_.clear();
  of_frame_ = false;
}

const KeptPicture* PictureHistory::at(double t_s) const {
  const auto found = std::find_if(
      pictures_.begin(), pictures_.end(),
      [t_s](const KeptPicture& other) { return std::abs(other.t_s - t_s) < kTimeSlack_s / 2; });
  return found == pictures_.end() ? nullptr : &*found;
}

}  // namespace rearview
