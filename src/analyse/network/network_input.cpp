#include "analyse/network/network_input.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "analyse/network/tuning.h"

namespace rearview {
namespace {

using namespace network_tuning::network_input;

int even(double value, int most) {
  return std::clamp(2 * static_cast<int>(std::lround(value / 2)), 2, most);
}

/// The region in whole chroma samples; all of the picture keeps its odd last row or column.
cv::Rect pixels(const cv::Rect2d& region, cv::Size size) {
  const auto from = [](double fraction, int side) {
    return std::min(2 * static_cast<int>(fraction * side / 2), (side - 1) / 2 * 2);
  };
  const auto to = [](double fraction, int side) {
    return fraction >= 1 ? side : 2 * static_cast<int>(std::ceil(fraction * side / 2));
  };
  const int left = from(region.x, size.width);
  const int top = from(region.y, size.height);
  const int right = std::clamp(to(region.x + region.width, size.width), left + 1, size.width);
  const int bottom = std::clamp(to(region.y + region.height, size.height), top + 1, size.height);
  return {left, top, right - left, bottom - top};
}

void resize(const cv::Mat& from, cv::Mat to) {
  // Bilinear is what the networks were trained on; below half size it skips pixels.
  const bool much_smaller = 2 * to.cols < from.cols || 2 * to.rows < from.rows;
  cv::resize(from, to, to.size(), 0, 0, much_smaller ? cv::INTER_AREA : cv::INTER_LINEAR);
}

}  // namespace

NetworkInput::NetworkInput(const InputLayout& layout, const cv::Rect2d& region)
    : layout_(layout), region_(region) {
  const std::array<int, 4> shape{1, 3, layout.size.height, layout.size.width};
  blob_.create(4, shape.data(), CV_32F);
  pad(layout.size);
}

void NetworkInput::pad(cv::Size inner) {
  inner_ = inner;
  for (std::size_t c = 0; c < 3; ++c) {
    cv::Mat plane(layout_.size, CV_32F, blob_.ptr<float>(0, static_cast<int>(c)));
    plane.setTo((kPadding - layout_.mean[c]) * layout_.scale[c]);
  }
}

void NetworkInput::fill(const Planes& planes) {
  shown_ = pixels(region_, planes.y.size());
  const cv::Rect chroma(shown_.x / 2, shown_.y / 2, (shown_.width + 1) / 2,
                        (shown_.height + 1) / 2);
  cv::Size inner = layout_.size;
  if (layout_.keep_aspect) {
    const double scale = std::min(static_cast<double>(inner.width) / shown_.width,
                                  static_cast<double>(inner.height) / shown_.height);
    inner = {even(shown_.width * scale, inner.width), even(shown_.height * scale, inner.height)};
  }
  if (inner != inner_) pad(inner);

  i420_.create(inner.height * 3 / 2, inner.width, CV_8UC1);
  const cv::Size half = inner / 2;
  cv::Mat y = i420_.rowRange(0, inner.height);
  cv::Mat u(half, CV_8UC1, i420_.ptr(inner.height));
  cv::Mat v(half, CV_8UC1, u.data + half.area());
  resize(planes.y(shown_), y);
  resize(planes.u(chroma), u);
  resize(planes.v(chroma), v);
  if (planes.full_range || planes.matrix != ColourMatrix::bt601)
    bgr_ = to_bgr({y, u, v, planes.full_range, planes.matrix, nullptr});
  else
    cv::cvtColor(i420_, bgr_, cv::COLOR_YUV2BGR_I420);

  for (int c = 0; c < 3; ++c) {
    const auto i = static_cast<std::size_t>(c);
    cv::Mat plane(layout_.size, CV_32F, blob_.ptr<float>(0, c));
    cv::Mat target = plane(cv::Rect({0, 0}, inner));
    cv::extractChannel(bgr_, channel_, layout_.rgb ? 2 - c : c);
    channel_.convertTo(target, CV_32F, layout_.scale[i], -layout_.mean[i] * layout_.scale[i]);
  }
}

cv::Rect2f NetworkInput::to_frame(const cv::Rect2f& box) const {
  const float x = static_cast<float>(shown_.width) / static_cast<float>(inner_.width);
  const float y = static_cast<float>(shown_.height) / static_cast<float>(inner_.height);
  return {box.x * x + static_cast<float>(shown_.x), box.y * y + static_cast<float>(shown_.y),
          box.width * x, box.height * y};
}

}  // namespace rearview
