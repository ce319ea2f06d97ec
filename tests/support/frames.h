#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core/mat.hpp>

#include "types/frame.h"

namespace rearview::testing_support {

/// Limited-range 4:2:0 planes in one colour.
inline Planes flat_planes(cv::Size size, int y, int u = 128, int v = 128) {
  const cv::Size chroma((size.width + 1) / 2, (size.height + 1) / 2);
  Planes planes;
  planes.y = cv::Mat(size, CV_8UC1, cv::Scalar(y));
  planes.u = cv::Mat(chroma, CV_8UC1, cv::Scalar(u));
  planes.v = cv::Mat(chroma, CV_8UC1, cv::Scalar(v));
  return planes;
}

/// A frame at seq / fps seconds.
inline std::shared_ptr<Frame> frame_of(Planes planes, std::uint64_t seq = 1, double fps = 30) {
  auto frame = std::make_shared<Frame>(std::move(planes));
  frame->epoch = 1;
  frame->seq = seq;
  frame->t_s = static_cast<double>(seq) / fps;
  frame->received = frame->decoded = SteadyClock::now();
  return frame;
}

}  // namespace rearview::testing_support
