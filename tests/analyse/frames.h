#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>

#include "types/frame.h"

namespace rearview::test {

/// Planes of one colour.
inline Planes flat_planes(cv::Size size, int y, int u = 128, int v = 128) {
  const cv::Size half((size.width + 1) / 2, (size.height + 1) / 2);
  return {.y = cv::Mat(size, CV_8UC1, cv::Scalar(y)),
          .u = cv::Mat(half, CV_8UC1, cv::Scalar(u)),
          .v = cv::Mat(half, CV_8UC1, cv::Scalar(v)),
          .full_range = false,
          .owner = nullptr};
}

inline FramePtr frame_at(double t_s, std::uint64_t seq, Planes planes) {
  auto frame = std::make_shared<Frame>(std::move(planes));
  frame->epoch = 1;
  frame->seq = seq;
  frame->t_s = t_s;
  return frame;
}

}  // namespace rearview::test
