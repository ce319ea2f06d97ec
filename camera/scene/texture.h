#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

namespace rearview::camera {

/// A picture for surfaces, with its smaller copies. Width and height are powers of two. A texel is
/// blue | green << 8 | red << 16 | alpha << 24, as the bytes of CV_8UC4 BGRA on a little-endian
/// host.
class Texture {
 public:
  struct Level {
    int width = 0;
    int height = 0;
    std::vector<std::uint32_t> texels;
  };

  Texture() = default;
  /// bgra: CV_8UC4, both sides powers of two. Throws std::invalid_argument otherwise. The smaller
  /// copies keep the share of solid texels, or trees would grow thin with distance.
  explicit Texture(const cv::Mat& bgra);

  const Level& level(int index) const {
    return levels_[static_cast<std::size_t>(std::clamp(index, 0, last_level()))];
  }
  int last_level() const { return static_cast<int>(levels_.size()) - 1; }

 private:
  std::vector<Level> levels_;
};

/// A picture of the ground, shrunk in each direction on its own, because the ground is seen so flat
/// that a pixel covers far more of it along the road than across. Repeats in both directions.
class GroundTexture {
 public:
  GroundTexture() = default;
  /// bgra: CV_8UC4, sides powers of two; across: metres covered by its width, along: by its height.
  GroundTexture(const cv::Mat& bgra, float across_m, float along_m);

  struct Level {
    const std::uint32_t* texels = nullptr;
    int mask_x = 0;
    int mask_y = 0;
    int shift_y = 0;  ///< log2 of the width
    float scale_x = 0;
    float scale_y = 0;   ///< metres to 256ths of a texel
    float offset_x = 0;  ///< whole repeats that keep every place positive
  };
  /// The copy whose texels are nearest in size to a pixel that covers this much of the ground.
  Level level(float across_m, float along_m) const;

 private:
  int steps_x_ = 0;
  int steps_y_ = 0;
  float across_m_ = 1;
  float along_m_ = 1;
  std::vector<cv::Mat> levels_;  ///< [y * steps_x + x], CV_8UC4, continuous
};

/// Blend of two texels by weight / 256, all four channels at once.
CV_ALWAYS_INLINE std::uint32_t mixed(std::uint32_t a, std::uint32_t b, std::uint32_t weight) {
  const std::uint32_t even_a = a & 0x00ff00ffu;
  const std::uint32_t odd_a = (a >> 8) & 0x00ff00ffu;
  const std::uint32_t even_b = b & 0x00ff00ffu;
  const std::uint32_t odd_b = (b >> 8) & 0x00ff00ffu;
  const std::uint32_t even = ((even_a * (256u - weight) + even_b * weight) >> 8) & 0x00ff00ffu;
  const std::uint32_t odd = (odd_a * (256u - weight) + odd_b * weight) & 0xff00ff00u;
  return even | odd;
}

/// Between the four texels around a point of the ground, in metres: across from -60 to 60, along
/// from 0 to 4096.
CV_ALWAYS_INLINE std::uint32_t sample(const GroundTexture::Level& level, float across_m,
                                      float along_m) {
  // Both are positive here, so cutting off the fraction rounds down.
  const auto x = static_cast<int>((across_m + level.offset_x) * level.scale_x);
  const auto y = static_cast<int>(along_m * level.scale_y);
  const int ix = (x >> 8) & level.mask_x;
  const int iy = (y >> 8) & level.mask_y;
  const int jx = (ix + 1) & level.mask_x;
  const int jy = (iy + 1) & level.mask_y;
  const auto wx = static_cast<std::uint32_t>(x & 255);
  const auto wy = static_cast<std::uint32_t>(y & 255);
  const std::uint32_t* upper = level.texels + (static_cast<std::ptrdiff_t>(iy) << level.shift_y);
  const std::uint32_t* lower = level.texels + (static_cast<std::ptrdiff_t>(jy) << level.shift_y);
  return mixed(mixed(upper[ix], upper[jx], wx), mixed(lower[ix], lower[jx], wx), wy);
}

}  // namespace rearview::camera
