#include "camera/scene/roadside_painter.h"

namespace rearview::camera {
namespace {

constexpr std::uint8_t kMark = Raster::kScenery;
constexpr float kJustBelowOne = 0.998f;  // a texture's last row; 1 would be the first again
constexpr Vec3 kUp{0, 1, 0};

}  // namespace

RoadsidePainter::RoadsidePainter(Raster& raster_, const View& view_, const Alignment& alignment_,
                                 const Atmosphere& atmosphere_, const GroundDetail& detail_)
    : raster(raster_),
      view(view_),
      alignment(alignment_),
      atmosphere(atmosphere_),
      detail(detail_),
      gain_(atmosphere_.ground_gain(1) * 255.0f),
      haze_(atmosphere_.displayed(atmosphere_.haze)) {
  right_ = normalized({view.rotation.row2.z, 0, -view.rotation.row2.x});
}

bool RoadsidePainter::out_of_sight(Vec3 at, float radius) const {
  const Vec3 c = view.to_camera(at);
  if (c.z < -radius) return true;
  const float slope = view.centre_x() / view.focal_px;
  return std::abs(c.x) - radius * 1.6f > slope * std::max(c.z, 0.0f) + 0.2f;
}

float RoadsidePainter::sun_on(Vec3 normal) const {
  return 0.62f + 0.42f * std::max(0.0f, dot(normal, atmosphere.sun_direction));
}

float RoadsidePainter::lamp_gain(Vec3 at) const {
  if (!atmosphere.dark) return 1;
  float light = 0;
  for (const GroundLamp& lamp : detail.lamps) {
    const float dx = at.x - lamp.x;
    const float dz = at.z - lamp.z;
    if (lamp.beam_x == 0 && lamp.beam_z == 0) {
      light += lamp.colour.y * std::exp(-(dx * dx + dz * dz) / (lamp.reach_m * lamp.reach_m));
      continue;
    }
    const float along = dx * lamp.beam_x + dz * lamp.beam_z;
    const float aside = (dx * lamp.beam_z - dz * lamp.beam_x) / (1.5f + 0.35f * along);
    if (along > 0.5f)
      light += 0.10f * lamp.colour.y * std::exp(-aside * aside - along / (1.3f * lamp.reach_m));
  }
  return 1 + 6.0f * std::sqrt(light);
}

void RoadsidePainter::pictured(const Point (&corners)[4], const Texture& texture,
                               float brightness) {
  Corner c[4];
  float clear = 0;
  const float lamps = lamp_gain(corners[0].at);
  for (int i = 0; i < 4; ++i) {
    const Vec3 camera = view.to_camera(corners[i].at);
    const float here = std::exp(-std::max(camera.z, 0.0f) / atmosphere.visibility_m);
    clear += 0.25f * here;
    c[i] = {camera, gain_ * (brightness * here * lamps), corners[i].u, corners[i].v};
  }
  raster.quad(c[0], c[1], c[2], c[3], kMark, &texture, haze_ * (1 - clear));
}

void RoadsidePainter::plain(const Vec3 (&corners)[4], Vec3 albedo, Vec3 normal) {
  Corner c[4];
  const float lamps = lamp_gain(corners[0]);
  for (int i = 0; i < 4; ++i) {
    const Vec3 camera = view.to_camera(corners[i]);
    const Vec3 light =
        atmosphere.shaded({albedo, 0}, normal, normalized(view.position - corners[i]), 1, {}) *
        (lamps * lamps);
    c[i] = {camera, atmosphere.displayed(atmosphere.hazed(light, std::max(0.0f, camera.z)))};
  }
  raster.quad(c[0], c[1], c[2], c[3], kMark);
}

void RoadsidePainter::post(Vec3 foot, float half, float low, float high, Vec3 albedo) {
  // Two faces are enough: the one towards the camera and the one towards the road's middle.
  const Vec3 r = right_ * half;
  const Vec3 lo{0, low, 0};
  const Vec3 hi{0, high, 0};
  const float lean = foot.x > 0 ? -0.5f : 0.5f;
  plain({foot - r + lo, foot + r + lo, foot + r + hi, foot - r + hi}, albedo,
        normalized({lean, 0, -1}));
}

void RoadsidePainter::billboard(const Texture& texture, float d, float u, float width,
                                float height) {
  const Vec3 foot = alignment.pose(d, u).at;
  if (out_of_sight(foot, 0.5f * width)) return;
  const Vec3 r = right_ * (0.5f * width);
  const Vec3 up{0, height, 0};
  pictured({{foot - r + up, 0, 0},
            {foot + r + up, kJustBelowOne, 0},
            {foot + r, kJustBelowOne, kJustBelowOne},
            {foot - r, 0, kJustBelowOne}},
           texture, 1.0f);
}

void RoadsidePainter::strip(const Texture& texture, float from_d, float to_d, float u, float height,
                            float repeats) {
  const Vec3 a = alignment.pose(from_d, u).at;
  const Vec3 b = alignment.pose(to_d, u).at;
  if (out_of_sight((a + b) * 0.5f, 0.5f * (to_d - from_d) + 0.5f)) return;
  const Vec3 up{0, height, 0};
  pictured({{a + up, 0, 0},
            {b + up, repeats * kJustBelowOne, 0},
            {b, repeats * kJustBelowOne, kJustBelowOne},
            {a, 0, kJustBelowOne}},
           texture, 0.95f);
}

void RoadsidePainter::house(const Texture& wall, const Texture& roof, float d, float side,
                            float setback, float along, float deep, float eaves) {
  const Alignment::Pose pose = alignment.pose(d, side * (setback + 0.5f * deep));
  if (out_of_sight(pose.at, 0.75f * along)) return;
  const Vec3 away{std::sin(pose.turn), 0, std::cos(pose.turn)};
  const Vec3 out = Vec3{std::cos(pose.turn), 0, -std::sin(pose.turn)} *
                   (-alignment.kerb_sign() * side);  // away from the road
  const auto at = [&](float z, float x, float y) {
    return pose.at + away * (z * 0.5f * along) + out * (x * 0.5f * deep) + kUp * y;
  };
  const float ridge = eaves + 0.46f * deep;
  const auto shade_wall = [&](Vec3 a, Vec3 b, Vec3 normal, float share) {
    pictured({{a + kUp * eaves, 0, 0},
              {b + kUp * eaves, share * kJustBelowOne, 0},
              {b, share * kJustBelowOne, kJustBelowOne},
              {a, 0, kJustBelowOne}},
             wall, sun_on(normal));
  };
  shade_wall(at(-1, -1, 0), at(1, -1, 0), -out, 1.0f);
  for (const float end : {-1.0f, 1.0f}) {
    if (dot(away * end, view.position - at(end, 0, 1)) < 0) continue;
    shade_wall(at(end, -1, 0), at(end, 1, 0), away * end, 0.6f);
    // The gable is a quarter of the wall's plaster, without windows.
    pictured({{at(end, -1, eaves), 0.0f, 0.02f},
              {at(end, 1, eaves), 0.06f, 0.02f},
              {at(end, 0, ridge), 0.03f, 0.10f},
              {at(end, 0, ridge), 0.03f, 0.10f}},
             wall, sun_on(away * end));
  }
  constexpr float kOverhang = 1.06f;
  for (const float slope : {-1.0f, 1.0f}) {
    const Vec3 normal = normalized(out * (slope * 0.68f) + kUp);
    pictured({{at(-kOverhang, 0, ridge), 0, 0},
              {at(kOverhang, 0, ridge), 3, 0},
              {at(kOverhang, slope * 1.1f, eaves - 0.25f), 3, 1.5f},
              {at(-kOverhang, slope * 1.1f, eaves - 0.25f), 0, 1.5f}},
             roof, sun_on(normal) * 1.05f);
  }
}

void RoadsidePainter::street_lamp(float d, float side, float height) {
  const Vec3 foot = alignment.pose(d, side * (kPaved_m + 0.6f)).at;
  const Vec3 head = alignment.pose(d, side * 3.1f).at;
  if (out_of_sight(foot, 2)) return;
  constexpr Vec3 kMetal{0.12f, 0.13f, 0.13f};
  post(foot, 0.06f, 0, height, kMetal);
  const Vec3 top = kUp * height;
  const Vec3 thick = kUp * 0.10f;
  plain({foot + top, head + top, head + top + thick, foot + top + thick}, kMetal, {0, 0, -1});
  const Vec3 r = right_ * 0.28f;
  plain({head + top - r - thick, head + top + r - thick, head + top + r + thick,
         head + top - r + thick},
        {0.3f, 0.3f, 0.3f}, {0, 0, -1});
}

void RoadsidePainter::marker_post(float d, float u) {
  const Vec3 foot = alignment.pose(d, u).at;
  if (out_of_sight(foot, 1) || d > 140) return;
  post(foot, 0.06f, 0, 1.0f, {0.72f, 0.72f, 0.70f});
  const Vec3 nearer = normalized(view.position - foot) * 0.02f;
  post(foot + nearer, 0.062f, 0.66f, 0.86f, {0.02f, 0.02f, 0.02f});
  post(foot + nearer * 2.0f, 0.025f, 0.69f, 0.83f, {0.5f, 0.5f, 0.52f});
}

void RoadsidePainter::mast(float d, float u, float height) {
  const Vec3 foot = alignment.pose(d, u).at;
  if (out_of_sight(foot, 2)) return;
  constexpr Vec3 kWood{0.10f, 0.08f, 0.06f};
  post(foot, 0.12f, 0, height, kWood);
  const Vec3 r = right_ * 0.9f;
  const Vec3 low = kUp * (height - 0.8f);
  const Vec3 high = kUp * (height - 0.65f);
  plain({foot - r + low, foot + r + low, foot + r + high, foot - r + high}, kWood, {0, 0, -1});
}

void RoadsidePainter::sign(float d, float u, bool back, int kind) {
  const Vec3 foot = alignment.pose(d, u).at;
  if (out_of_sight(foot, 1) || d > 160) return;
  constexpr Vec3 kGrey{0.30f, 0.31f, 0.32f};
  post(foot, 0.035f, 0, 2.5f, kGrey);
  const Vec3 nearer = normalized(Vec3{view.position.x, 0, view.position.z} - foot) * 0.04f;
  const auto disc = [&](float radius, Vec3 albedo, float lift, int sides, float start) {
    const Vec3 centre = foot + kUp * 2.45f + nearer * (1 + lift);
    for (int i = 0; i + 2 < sides; i += 2) {
      Vec3 corner[4];
      const int picks[4] = {0, i + 1, i + 2, std::min(i + 3, sides - 1)};
      for (int k = 0; k < 4; ++k) {
        const float angle =
            start + 2 * kPi * static_cast<float>(picks[k]) / static_cast<float>(sides);
        corner[k] = centre + right_ * (radius * std::cos(angle)) + kUp * (radius * std::sin(angle));
      }
      plain(corner, albedo, {0, 0.1f, -1});
    }
  };
  const int sides = kind == 2 ? 3 : 16;
  const float start = kind == 2 ? 0.5f * kPi : 0;
  if (back) {
    disc(0.34f, kGrey, 0, sides == 3 ? 4 : sides, sides == 3 ? 0.25f * kPi : start);
    return;
  }
  disc(0.36f, {0.55f, 0.03f, 0.03f}, 0, sides == 3 ? 4 : sides, sides == 3 ? 0.5f * kPi : start);
  disc(0.27f, kind == 1 ? Vec3{0.04f, 0.12f, 0.45f} : Vec3{0.75f, 0.75f, 0.74f}, 1,
       sides == 3 ? 4 : sides, sides == 3 ? 0.5f * kPi : start);
  if (kind == 0) {
    const Vec3 centre = foot + kUp * 2.45f + nearer * 3.0f;
    const Vec3 r = right_ * 0.055f;
    for (const float x : {-0.09f, 0.09f}) {
      const Vec3 at = centre + right_ * x;
      plain(
          {at - r - kUp * 0.11f, at + r - kUp * 0.11f, at + r + kUp * 0.11f, at - r + kUp * 0.11f},
          {0.02f, 0.02f, 0.02f}, {0, 0, -1});
    }
  }
}

void RoadsidePainter::bridge(const Texture& concrete, float d, float half_length, float clear) {
  constexpr float kDeck_m = 1.3f;
  constexpr float kWall_m = 6.4f;   // from the middle line to the abutments
  constexpr float kBank_m = 26.0f;  // how far the road above goes on
  const float near_d = d - half_length;
  const float far_d = d + half_length;
  const auto at = [&](float along, float u, float y) {
    return alignment.pose(along, u).at + kUp * y;
  };
  for (const float along : {near_d, far_d}) {  // the deck's sides, piecewise for the texture
    for (int i = -4; i < 4; ++i) {
      const float u0 = kBank_m * static_cast<float>(i) / 4.0f;
      const float u1 = kBank_m * static_cast<float>(i + 1) / 4.0f;
      pictured({{at(along, u0, clear + kDeck_m), 0, 0},
                {at(along, u1, clear + kDeck_m), 1, 0},
                {at(along, u1, clear), 1, 0.4f},
                {at(along, u0, clear), 0, 0.4f}},
               concrete, along == near_d ? 0.92f : 0.75f);
      pictured({{at(along, u0, clear + kDeck_m + 1.0f), 0, 0},
                {at(along, u1, clear + kDeck_m + 1.0f), 1, 0},
                {at(along, u1, clear + kDeck_m), 1, 0.2f},
                {at(along, u0, clear + kDeck_m), 0, 0.2f}},
               concrete, 1.05f);
    }
  }
  pictured({{at(near_d, -kWall_m, clear), 0, 0},
            {at(near_d, kWall_m, clear), 2, 0},
            {at(far_d, kWall_m, clear), 2, 1},
            {at(far_d, -kWall_m, clear), 0, 1}},
           concrete, 0.34f);
  for (const float side : {-1.0f, 1.0f}) {
    const float u = side * kWall_m;
    pictured({{at(near_d, u, clear), 0, 0},
              {at(far_d, u, clear), 2, 0},
              {at(far_d, u, 0), 2, kJustBelowOne},
              {at(near_d, u, 0), 0, kJustBelowOne}},
             concrete, 0.5f);
    for (const float along : {near_d, far_d})
      pictured({{at(along, u, clear), 0, 0},
                {at(along, side * kBank_m, clear), 4, 0},
                {at(along, side * kBank_m, 0), 4, kJustBelowOne},
                {at(along, u, 0), 0, kJustBelowOne}},
               concrete, 0.9f);
  }
}

}  // namespace rearview::camera
