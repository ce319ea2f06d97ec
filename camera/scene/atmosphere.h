#pragma once

#include <array>

#include "camera/scene/garage.h"
#include "camera/scene/geometry.h"
#include "camera/scene/scene_config.h"

namespace rearview::camera {

/// Sun, sky, haze and the camera's exposure: how linear light becomes the numbers of a picture.
class Atmosphere {
 public:
  Atmosphere(Light light, Weather weather);

  /// Turns the sun with the road's bends; radians, as the camera's heading.
  void turn(float heading);

  /// The light that reaches the eye from a surface, before haze. to_eye, normal: unit, level frame.
  /// sunlit: 0 in full shadow to 1. extra: light of lamps on it.
  Vec3 shaded(const Surface& surface, Vec3 normal, Vec3 to_eye, float sunlit, Vec3 extra) const;
  Vec3 hazed(Vec3 light, float distance_m) const {
    return lerp(haze, light, std::exp(-distance_m * (1.0f / visibility_m)));
  }
  /// 0 to 255: exposed, with the soft shoulder of a camera, gamma 2.2.
  Vec3 displayed(Vec3 light) const {
    return {display_of(light.x), display_of(light.y), display_of(light.z)};
  }
  /// What the sun and the sky give a level surface, by which pictures of the ground made for broad
  /// daylight are scaled, as shown (0 to 1 and a little above).
  Vec3 ground_gain(float sunlit) const;

  Vec3 sun;            ///< its colour and strength on a surface that faces it
  Vec3 sun_direction;  ///< towards it
  Vec3 zenith;
  Vec3 horizon;
  Vec3 ground_bounce;
  Vec3 haze;
  float visibility_m = 400;
  bool lamps_on = false;  ///< of vehicles
  bool streets_lit = false;
  bool dark = false;  ///< lamps are the main light
  float shadow_strength = 0.46f;
  float grain = 2.0f;  ///< noise of the sensor, standard deviation of 255
  float wet = 0;

 private:
  float display_of(float light) const {
    const auto index = static_cast<std::size_t>(
        std::min(std::max(light * exposure_, 0.0f) * kPerUnit, static_cast<float>(kTableSize - 1)));
    return table_[index];
  }
  Vec3 reflected(Vec3 direction) const;

  static constexpr std::size_t kTableSize = 8192;
  static constexpr float kPerUnit = 1024.0f;
  std::array<float, kTableSize> table_{};
  float exposure_ = 1.3f;
  Vec3 resting_sun_;
};

}  // namespace rearview::camera
