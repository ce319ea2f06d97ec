#include "camera/scene/texture.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace rearview::camera {
namespace {

void require_power_of_two(const cv::Mat& bgra) {
  if (bgra.type() != CV_8UC4 || !std::has_single_bit(static_cast<unsigned>(bgra.cols)) ||
      !std::has_single_bit(static_cast<unsigned>(bgra.rows)))
    throw std::invalid_argument("a texture must be CV_8UC4 with sides that are powers of two");
}

/// Half size in the directions asked for; colours are weighted by how solid they are.
cv::Mat halved(const cv::Mat& bgra, bool halve_x, bool halve_y) {
  const cv::Size size(halve_x ? bgra.cols / 2 : bgra.cols, halve_y ? bgra.rows / 2 : bgra.rows);
  cv::Mat out(size, CV_8UC4);
  const int step_x = halve_x ? 2 : 1;
  const int step_y = halve_y ? 2 : 1;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      int sum[3] = {0, 0, 0};
      int alpha = 0;
      for (int dy = 0; dy < step_y; ++dy) {
        for (int dx = 0; dx < step_x; ++dx) {
          const auto& texel = bgra.at<cv::Vec4b>(y * step_y + dy, x * step_x + dx);
          const int weight = texel[3] + 1;
          for (int c = 0; c < 3; ++c) sum[c] += texel[c] * weight;
          alpha += weight;
        }
      }
      auto& texel = out.at<cv::Vec4b>(y, x);
      for (int c = 0; c < 3; ++c) texel[c] = cv::saturate_cast<uchar>((sum[c] + alpha / 2) / alpha);
      texel[3] = cv::saturate_cast<uchar>(alpha / (step_x * step_y) - 1);
    }
  }
  return out;
}

double solid_share(const cv::Mat& bgra, int threshold) {
  int solid = 0;
  for (int y = 0; y < bgra.rows; ++y) {
    for (int x = 0; x < bgra.cols; ++x) solid += bgra.at<cv::Vec4b>(y, x)[3] >= threshold;
  }
  return static_cast<double>(solid) / static_cast<double>(bgra.total());
}

constexpr int kSolid = 128;
constexpr float kWidest_m = 64;  // of the ground that is looked up, to each side

/// The alpha below which the copy has as many holes as the original has; moved to kSolid.
void keep_share(cv::Mat& bgra, double share) {
  int threshold = kSolid;
  int least = 1;
  int most = 255;
  while (least <= most) {
    threshold = (least + most) / 2;
    if (solid_share(bgra, threshold) > share)
      least = threshold + 1;
    else
      most = threshold - 1;
  }
  for (int y = 0; y < bgra.rows; ++y) {
    for (int x = 0; x < bgra.cols; ++x) {
      auto& alpha = bgra.at<cv::Vec4b>(y, x)[3];
      alpha = cv::saturate_cast<uchar>(alpha + kSolid - threshold);
    }
  }
}

}  // namespace

Texture::Texture(const cv::Mat& bgra) {
  require_power_of_two(bgra);
  cv::Mat picture = bgra.clone();
  const double share = solid_share(picture, kSolid);
  while (true) {
    cv::Mat solid = picture.clone();
    if (share < 1.0 && !levels_.empty()) keep_share(solid, share);
    Level level{solid.cols, solid.rows, std::vector<std::uint32_t>(solid.total())};
    std::memcpy(level.texels.data(), solid.data, solid.total() * 4);
    levels_.push_back(std::move(level));
    if (picture.cols == 1 && picture.rows == 1) return;
    picture = halved(picture, picture.cols > 1, picture.rows > 1);
  }
}

GroundTexture::GroundTexture(const cv::Mat& bgra, float across_m, float along_m)
    : across_m_(across_m), along_m_(along_m) {
  require_power_of_two(bgra);
  cv::Mat column = bgra.clone();
  while (true) {
    cv::Mat picture = column.clone();
    steps_x_ = 0;
    while (true) {
      levels_.push_back(picture);
      ++steps_x_;
      if (picture.cols == 1) break;
      picture = halved(picture, true, false);
    }
    ++steps_y_;
    if (column.rows == 1) break;
    column = halved(column, false, true);
  }
}

GroundTexture::Level GroundTexture::level(float across_m, float along_m) const {
  const auto step = [](float pixel_m, float texel_m, int steps) {
    const float ratio = pixel_m / texel_m;
    if (!(ratio > 1.0f)) return 0;
    return std::min(static_cast<int>(std::log2(ratio) + 0.5f), steps - 1);
  };
  const cv::Mat& full = levels_.front();
  const int x = step(across_m, across_m_ / static_cast<float>(full.cols), steps_x_);
  const int y = step(along_m, along_m_ / static_cast<float>(full.rows), steps_y_);
  const cv::Mat& chosen = levels_[static_cast<std::size_t>(y * steps_x_ + x)];
  return {reinterpret_cast<const std::uint32_t*>(chosen.data),
          chosen.cols - 1,
          chosen.rows - 1,
          std::countr_zero(static_cast<unsigned>(chosen.cols)),
          256.0f * static_cast<float>(chosen.cols) / across_m_,
          256.0f * static_cast<float>(chosen.rows) / along_m_,
          std::ceil(kWidest_m / across_m_) * across_m_};
}

}  // namespace rearview::camera
