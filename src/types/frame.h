#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <opencv2/core/mat.hpp>

#include "base/clock.h"

namespace rearview {

/// How luma and colour differences were made of red, green and blue (ITU-R recommendations).
enum class ColourMatrix { bt601, bt709, bt2020 };

/// The decoder's planes, 4:2:0, 8 bits. Views: `owner` keeps the memory alive.
struct Planes {
  cv::Mat y;                                  ///< CV_8UC1, height x width
  cv::Mat u;                                  ///< CV_8UC1, (height+1)/2 x (width+1)/2
  cv::Mat v;                                  ///< CV_8UC1, as u
  bool full_range = false;                    ///< luma 0..255 instead of 16..235
  ColourMatrix matrix = ColourMatrix::bt601;  ///< also where the stream doesn't say
  std::shared_ptr<void> owner;
};

/// CV_8UC3 of the planes' size, blue first, 0..255.
cv::Mat to_bgr(const Planes& planes);

/// One decoded picture. Immutable and shared; every reader may come from any thread. Nobody
/// writes its pixels: who draws, draws on a copy.
class Frame {
 public:
  std::uint32_t epoch =
      0;  ///< counts connections; frames of different epochs don't belong together
  std::uint64_t seq =
      0;           ///< strictly increasing over all epochs of a camera; gaps are dropped frames
  double t_s = 0;  ///< stream time: when it was taken, live by PictureClock; media time for a file
  WallTime time;   ///< wall clock at arrival; for a file, when it was last written plus t_s
  SteadyTime received;  ///< first byte of its access unit had arrived
  SteadyTime decoded;

  explicit Frame(Planes planes) : planes_(std::move(planes)) {}

  int width() const { return planes_.y.cols; }
  int height() const { return planes_.y.rows; }
  cv::Size size() const { return planes_.y.size(); }
  const Planes& planes() const { return planes_; }
  /// CV_8UC1, the decoder's own memory. Range as planes().full_range says.
  const cv::Mat& luma() const { return planes_.y; }
  /// to_bgr() of the planes. Made on the first call and kept.
  const cv::Mat& bgr() const;

 private:
  Planes planes_;
  mutable std::once_flag bgr_once_;
  mutable cv::Mat bgr_;
};

using FramePtr = std::shared_ptr<const Frame>;

}  // namespace rearview
