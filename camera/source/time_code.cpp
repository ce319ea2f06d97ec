#include "camera/source/time_code.h"

#include <chrono>
#include <cstdint>
#include <opencv2/core.hpp>

namespace rearview::camera {
namespace {

constexpr int kBits = 40;
// Away from the edge, where an overlay may draw its frame.
constexpr int kMargin_px = 20;
constexpr int kAboveEdge_px = 36;

}  // namespace

void draw_time_code(cv::Mat& bgr, SteadyTime now) {
  using Unit = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
  const auto units =
      static_cast<std::uint32_t>(std::chrono::floor<Unit>(now.time_since_epoch()).count());
  const std::uint32_t sum =
      (units >> 24) + (units >> 16 & 255) + (units >> 8 & 255) + (units & 255);
  const std::uint64_t code = std::uint64_t{units} << 8 | (sum & 255);
  const int side = (bgr.cols - 2 * kMargin_px) / kBits;
  for (int bit = 0; bit < kBits; ++bit) {
    const cv::Rect square(kMargin_px + bit * side, bgr.rows - kAboveEdge_px, side, side);
    const bool one = code >> (kBits - 1 - bit) & 1;
    bgr(square & cv::Rect(cv::Point(), bgr.size()))
        .setTo(one ? cv::Scalar::all(255) : cv::Scalar::all(0));
  }
}

}  // namespace rearview::camera
