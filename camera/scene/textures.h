#pragma once

#include <array>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "camera/scene/atmosphere.h"
#include "camera/scene/texture.h"

namespace rearview::camera {

/// Smooth noise that repeats: octaves of random grids, CV_32FC1 in about [0, 1]. cells: of the
/// coarsest grid along each side.
cv::Mat repeating_noise(cv::Size size, cv::Size cells, int octaves, std::uint64_t seed);

/// Pictures of the ground in broad daylight.
struct GroundPictures {
  explicit GroundPictures(std::uint64_t seed);
  GroundTexture asphalt;   ///< 5.12 m square
  GroundTexture wear;      ///< 8 m across the road, 64 m along; 128 leaves the asphalt as it is
  GroundTexture grass;     ///< 8 m square
  GroundTexture pavement;  ///< 4.096 m square
  GroundTexture dapple;    ///< shade under leaves, 16 m square; 255 is full shade
};

/// Pictures for what stands beside the road; where alpha is low there is nothing.
struct RoadsidePictures {
  explicit RoadsidePictures(std::uint64_t seed);
  static constexpr std::size_t kTrees = 6;
  std::array<Texture, kTrees> trees;  ///< crown and trunk; the foot is the middle of the lower edge
  std::array<Texture, 2> bushes;
  Texture hedge;                 ///< repeats along
  Texture grass;                 ///< a row of blades, repeats along
  Texture fence;                 ///< posts and rails, one length
  std::array<Texture, 4> walls;  ///< of houses, two storeys
  Texture roof;
  Texture concrete;
};

/// The sky all around, clouds and distant hills: CV_8UC4, as shown. Column: angle, 4096 for a full
/// turn; row: height above the horizon, kSkyRows_per_radian, row 0 the highest.
cv::Mat paint_panorama(const Atmosphere& atmosphere, Light light, Weather weather,
                       std::uint64_t seed);
inline constexpr int kSkyColumns = 4096;
inline constexpr int kSkyRows = 512;
inline constexpr float kSkyPerRadian = static_cast<float>(kSkyColumns) / (2 * kPi);
/// Rows of the panorama below the horizon, so that the ground never leaves a gap.
inline constexpr int kSkyBelow = 24;

}  // namespace rearview::camera
