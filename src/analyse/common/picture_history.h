#pragma once

#include <cstdint>
#include <deque>
#include <opencv2/core.hpp>
#include <vector>

#include "types/frame.h"

namespace rearview {

/// One picture as stages look back at it: luma, no wider than is looked at.
struct KeptPicture {
  double t_s = 0;
  double scale = 1;  ///< its size over that of the frame
  /// CV_8UC1, each level half as wide as the one before; the last ones missing in small pictures.
  /// Behind each level its derivatives, as cv::calcOpticalFlowPyrLK takes them; those only in the
  /// newest picture.
  std::vector<cv::Mat> pyramid;

  std::size_t levels() const { return pyramid.size() / 2; }
  const cv::Mat& level(std::size_t i) const { return pyramid[2 * i]; }
};

/// The pictures of the last moments of one camera, each with one pyramid, for all stages that look
/// back: a picture is taken up when the first of them asks for it. Who keeps a level by its header
/// keeps its memory, which nobody writes again. One thread; deterministic.
class PictureHistory {
 public:
  /// How far back pictures are kept.
  static constexpr double kSpan_s = 0.9;

  /// The frame's picture, the newest from now on. Frames come by rising seq and time; one of
  /// another size, or that is older, forgets the others. Of two that came at once, as in a burst,
  /// the newer stays: at() tells them apart by their times.
  const KeptPicture& of(const Frame& frame);
  /// The same of a picture that isn't in a frame. luma: CV_8UC1, copied.
  const KeptPicture& add(const cv::Mat& luma, double t_s);
  void clear();

  /// There must be one.
  const KeptPicture& newest() const { return pictures_.back(); }
  /// nullptr where no picture of that time is kept.
  const KeptPicture* at(double t_s) const;

 private:
  cv::Size added_;
  std::uint64_t newest_seq_ = 0;
  std::uint32_t newest_epoch_ = 0;
  bool of_frame_ = false;             ///< the newest is the frame's with that seq and epoch
  std::deque<KeptPicture> pictures_;  ///< oldest first
};

}  // namespace rearview
