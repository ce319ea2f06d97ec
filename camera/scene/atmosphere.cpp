#include "camera/scene/atmosphere.h"

namespace rearview::camera {

Atmosphere::Atmosphere(Light light, Weather weather) {
  switch (light) {
    case Light::kDay:
      sun = {1.50f, 1.38f, 1.18f};
      resting_sun_ = normalized({0.66f, 0.64f, -0.36f});
      zenith = {0.17f, 0.34f, 0.74f};
      horizon = {0.78f, 0.88f, 0.98f};
      ground_bounce = {0.13f, 0.125f, 0.11f};
      haze = {0.62f, 0.72f, 0.84f};
      visibility_m = 520;
      grain = 1.6f;
      break;
    case Light::kDusk:
      sun = {0.30f, 0.17f, 0.09f};
      resting_sun_ = normalized({0.75f, 0.16f, 0.50f});
      zenith = {0.055f, 0.075f, 0.135f};
      horizon = {0.40f, 0.25f, 0.17f};
      ground_bounce = {0.03f, 0.026f, 0.024f};
      haze = {0.19f, 0.145f, 0.125f};
      visibility_m = 330;
      lamps_on = true;
      streets_lit = true;
      shadow_strength = 0.35f;
      grain = 3.2f;
      exposure_ = 1.9f;
      break;
    case Light::kNight:
      sun = {0.004f, 0.005f, 0.008f};
      resting_sun_ = normalized({-0.5f, 0.8f, 0.2f});
      zenith = {0.0022f, 0.0030f, 0.0062f};
      horizon = {0.0095f, 0.0085f, 0.0095f};
      ground_bounce = {0.002f, 0.002f, 0.002f};
      haze = {0.0052f, 0.005f, 0.006f};
      visibility_m = 260;
      lamps_on = true;
      streets_lit = true;
      dark = true;
      shadow_strength = 0.1f;
      grain = 4.5f;
      exposure_ = 2.2f;
      break;
  }
  if (weather == Weather::kRain) {
    const float grey = (zenith.x + zenith.y + zenith.z) * 0.27f;
    zenith = lerp(zenith, {grey, grey, grey * 1.05f}, 0.85f);
    const float low = (horizon.x + horizon.y + horizon.z) * 0.20f;
    horizon = lerp(horizon, {low, low, low * 1.04f}, 0.8f);
    haze = lerp(haze, horizon, 0.8f);
    sun = sun * 0.12f;
    visibility_m *= 0.38f;
    shadow_strength *= 0.35f;
    lamps_on = true;
    wet = 1;
    exposure_ *= 1.25f;
  }
  sun_direction = resting_sun_;
  for (std::size_t i = 0; i < kTableSize; ++i) {
    const float v = static_cast<float>(i) / kPerUnit;
    table_[i] = 255.0f * std::pow(1.0f - std::exp(-v), 1.0f / 2.2f);
  }
}

void Atmosphere::turn(float heading) {
  const float c = std::cos(heading);
  const float s = std::sin(heading);
  sun_direction = {resting_sun_.x * c - resting_sun_.z * s, resting_sun_.y,
                   resting_sun_.x * s + resting_sun_.z * c};
}

Vec3 Atmosphere::reflected(Vec3 direction) const {
  // The sky above, a dark line of trees low down, the road below.
  const float up = direction.y;
  const Vec3 sky = lerp(horizon, zenith, std::sqrt(clamp01(up)));
  const Vec3 below = ground_bounce * 0.9f;
  const Vec3 trees = lerp(below, horizon, 0.22f);
  if (up < 0.02f) return lerp(below, trees, smoothstep(-0.12f, 0.02f, up));
  return lerp(trees, sky, smoothstep(0.10f, 0.20f, up));
}

Vec3 Atmosphere::shaded(const Surface& surface, Vec3 normal, Vec3 to_eye, float sunlit,
                        Vec3 extra) const {
  const float facing = dot(normal, to_eye);
  const float from_sun = std::max(0.0f, dot(normal, sun_direction)) * sunlit;
  const Vec3 around = lerp(ground_bounce, lerp(horizon, zenith, 0.5f), 0.5f + 0.5f * normal.y) *
                      (0.7f + 0.3f * sunlit);
  Vec3 light = surface.albedo * (sun * from_sun + around + extra);
  if (surface.gloss > 0) {
    const Vec3 mirror = normal * (2 * facing) - to_eye;
    const float edge = 1.0f - clamp01(facing);
    const float square = edge * edge;
    const float share = surface.gloss + (0.75f - surface.gloss * 0.75f) * square * square * edge *
                                            std::min(1.0f, surface.gloss * 20.0f);
    light = light + reflected(mirror) * share * (0.45f + 0.55f * sunlit);
    const float glint = dot(mirror, sun_direction);
    if (glint > 0.9f && surface.gloss > 0.03f) {
      const float g = (glint - 0.9f) * 10.0f;
      light += sun * (g * g * g * g * surface.gloss * 14.0f * sunlit);
    }
  }
  return light;
}

Vec3 Atmosphere::ground_gain(float sunlit) const {
  // Scaled in linear light, then through the same curve as everything else; 0.13 is the albedo that
  // the pictures of the ground are made for.
  constexpr float kAlbedo = 0.13f;
  const Vec3 light = (sun * (sun_direction.y * sunlit) + lerp(horizon, zenith, 0.55f)) * kAlbedo;
  static const float kDaylight = 255.0f * std::pow(1.0f - std::exp(-0.255f), 1.0f / 2.2f);
  return displayed(light) * (1.0f / kDaylight);
}

}  // namespace rearview::camera
