#include "camera/scene/roadside.h"

#include "camera/scene/roadside_painter.h"

namespace rearview::camera {
namespace {

constexpr double kCell_m = 8;
constexpr std::int64_t kCellsToStretch = 15;
constexpr float kDrawn_m = 270;
constexpr float kGrassDrawn_m = 50;
constexpr float kRowsDrawn_m = 18;
constexpr float kBridgeLength_m = 9;  // along the road
constexpr float kBridgeClear_m = 4.7f;
constexpr double kLampEvery_m = 36;
constexpr double kPostEvery_m = 50;
constexpr double kMastEvery_m = 44;
constexpr float kLampHeight_m = 6.2f;
constexpr float kWallBehindEdge_m = 0.5f;

std::uint64_t key(std::int64_t index) {
  return static_cast<std::uint64_t>(index);
}

}  // namespace

struct Roadside::Painter : RoadsidePainter {
  using RoadsidePainter::RoadsidePainter;
};

Roadside::Roadside(const SceneConfig& config)
    : config_(config), seed_(mix(config.seed ^ 0x73696465)), pictures_(seed_) {}

Roadside::Stretch Roadside::stretch(std::int64_t cell) const {
  const std::int64_t index =
      cell >= 0 ? cell / kCellsToStretch : -((-cell + kCellsToStretch - 1) / kCellsToStretch);
  Random random(seed_ + 1, key(index));
  const float v = random.unit();
  if (config_.surroundings == Surroundings::kVillage) return Stretch::kHouses;
  if (config_.surroundings == Surroundings::kWalls) return Stretch::kWalls;
  if (v < static_cast<float>(config_.avenue)) return Stretch::kAvenue;
  const float rest = (v - static_cast<float>(config_.avenue)) /
                     std::max(1e-3f, 1 - static_cast<float>(config_.avenue));
  return rest < 0.3f ? Stretch::kWood : rest < 0.42f ? Stretch::kHouses : Stretch::kOpen;
}

std::vector<double> Roadside::bridges(double from, double to) const {
  std::vector<double> places;
  const double every = config_.bridge_every_m;
  if (every <= 0) return places;
  for (double i = std::floor(from / every) - 1; i * every < to; ++i) {
    Random random(seed_ + 2, key(static_cast<std::int64_t>(i)));
    const double at = (i + 0.15 + 0.7 * static_cast<double>(random.unit())) * every;
    if (at >= from && at <= to) places.push_back(at);
  }
  return places;
}

void Roadside::lay_out(const Alignment& alignment, const Atmosphere& atmosphere,
                       GroundDetail& detail, std::vector<Glow>& glows) const {
  const double here = alignment.camera_s();
  const float strength = atmosphere.shadow_strength;
  const Vec3 sun = atmosphere.sun_direction;
  // Shadows of trees fall away from the sun; low sun throws them far, but then they are faint.
  const float reach = std::min(4.5f, 3.2f / std::max(sun.y, 0.15f));
  const auto first = static_cast<std::int64_t>(std::floor((here - 75) / kCell_m));
  const auto last = static_cast<std::int64_t>(std::floor((here + 12) / kCell_m));
  for (std::int64_t i = first; i <= last; ++i) {
    if (stretch(i) != Stretch::kAvenue) continue;
    for (const float side : {1.0f, -1.0f}) {
      Random random(seed_ + (side > 0 ? 3 : 4), key(i));
      const double s = (static_cast<double>(i) + 0.5) * kCell_m;
      GroundShade shade;
      shade.d = static_cast<float>(here - s) - sun.z * reach;
      shade.u = side * random.between(4.9f, 5.5f) + alignment.kerb_sign() * sun.x * reach;
      shade.half_d = 1.6f;
      shade.half_u = 1.9f;
      shade.soft_m = 2.6f;
      shade.strength = strength;
      shade.leaves = true;
      detail.shades.push_back(shade);
    }
  }
  for (const double s : bridges(here - 200, here + 20)) {
    const auto d = static_cast<float>(here - s);
    detail.shades.push_back(
        {d, 0, 0.5f * kBridgeLength_m, 30, 0.8f, std::min(0.75f, strength + 0.25f)});
  }
  const bool village = config_.surroundings == Surroundings::kVillage;
  if (!village || !atmosphere.streets_lit) return;
  for (double k = std::floor((here - 200) / kLampEvery_m); k * kLampEvery_m < here + 15; ++k) {
    const auto d = static_cast<float>(here - k * kLampEvery_m);
    const float side = static_cast<std::int64_t>(k) % 2 == 0 ? 1.0f : -1.0f;
    const Vec3 head = alignment.pose(d, side * 3.1f).at + Vec3{0, kLampHeight_m, 0};
    const Vec3 colour{1.0f, 0.78f, 0.48f};
    detail.lamps.push_back(
        {head.x, head.z, 0, 0, 5.5f, colour * (atmosphere.dark ? 0.30f : 0.10f)});
    glows.push_back({head, colour * 300, 0.32f, 0});
  }
}

void Roadside::cell(Painter& p, std::int64_t index, float side) const {
  Random random(seed_ + (side > 0 ? 3 : 4), key(index));
  const double s = (static_cast<double>(index) + 0.5) * kCell_m;
  const float d = static_cast<float>(p.alignment.camera_s() - s);
  const float avenue_u = random.between(4.9f, 5.5f);
  const auto tree = [&](float along, float u, float height, std::size_t kind) {
    const float wide = kind == 4 ? 0.62f : kind == 5 ? 0.42f : kind == 3 ? 0.62f : 0.92f;
    p.billboard(pictures_.trees[kind], d + along, side * u, height * wide * 1.1f, height);
  };
  const auto leafy = [&] { return static_cast<std::size_t>(random.below(4)); };
  switch (stretch(index)) {
    case Stretch::kAvenue:
      tree(0, avenue_u, random.between(8.5f, 11), static_cast<std::size_t>(index & 1 ? 1 : 0));
      break;
    case Stretch::kWood:
      for (int row = 0; row < 3; ++row)
        tree(random.between(-3.5f, 3.5f),
             8.5f + 5.0f * static_cast<float>(row) + random.between(-1.5f, 1.5f),
             random.between(9, 15),
             random.chance(0.4f) ? 4u + static_cast<std::size_t>(random.below(2)) : leafy());
      p.billboard(pictures_.bushes[static_cast<std::size_t>(random.below(2))], d, side * 6.6f,
                  random.between(2, 3.4f), random.between(1.4f, 2.6f));
      break;
    case Stretch::kHouses: {
      const std::int64_t plot = index >= 0 ? index / 2 : (index - 1) / 2;
      Random house(seed_ + (side > 0 ? 5 : 6), key(plot));
      const float setback = house.between(7.6f, 11);
      const float long_side = house.between(9, 12.5f);
      const float eaves = house.between(4.2f, 5.6f);
      const auto kind = static_cast<std::size_t>(house.below(4));
      const bool built = house.chance(0.82f);
      const int front = house.below(3);
      if ((index & 1) == 0 && built)
        p.house(pictures_.walls[kind], pictures_.roof, d - 4, side, setback, long_side, 8.0f,
                eaves);
      if (!built && random.chance(0.7f)) tree(0, 9, random.between(7, 10), leafy());
      if (front == 0) {
        for (const float along : {-4.0f, 0.0f})
          p.strip(pictures_.hedge, d + along, d + along + 4.0f, side * 6.2f, 1.3f, 1.0f);
      } else if (front == 1) {
        for (const float along : {-4.0f, -2.0f, 0.0f, 2.0f})
          p.strip(pictures_.fence, d + along, d + along + 2.0f, side * 6.1f, 1.0f, 1.0f);
      } else if (random.chance(0.5f)) {
        p.billboard(pictures_.bushes[0], d, side * 6.9f, 2.0f, 1.7f);
      }
      break;
    }
    case Stretch::kWalls: {
      // Courtyards, one behind the other: bare walls of several heights close to the road, with
      // gates between pillars.
      const float u = side * (kPaved_m + kWallBehindEdge_m);
      const float height = random.between(1.6f, 3.2f);
      if (random.chance(0.8f)) p.strip(pictures_.concrete, d - 4, d + 4, u, height, 1.0f);
      if (random.chance(0.4f)) p.billboard(pictures_.concrete, d - 4, u, 0.6f, height + 0.4f);
      break;
    }
    case Stretch::kOpen: {
      const float what = random.unit();
      if (what < 0.20f)
        tree(random.between(-3, 3), random.between(7, 20), random.between(6, 11), leafy());
      else if (what < 0.45f)
        p.billboard(pictures_.bushes[static_cast<std::size_t>(random.below(2))],
                    d + random.between(-3, 3), side * random.between(6, 12),
                    random.between(1.6f, 3), random.between(1.0f, 2.2f));
      const std::int64_t run = index >= 0 ? index / 7 : (index - 6) / 7;
      Random edge(seed_ + (side > 0 ? 7 : 8), key(run));
      const float border = edge.unit();
      if (border < 0.3f) {
        for (const float along : {-4.0f, -2.0f, 0.0f, 2.0f})
          p.strip(pictures_.fence, d + along, d + along + 2.0f, side * 6.4f, 1.1f, 1.0f);
      } else if (border < 0.5f) {
        for (const float along : {-4.0f, 0.0f})
          p.strip(pictures_.hedge, d + along, d + along + 4.0f, side * 6.8f, 1.5f, 1.0f);
      }
      break;
    }
  }
  if (stretch(index) != Stretch::kHouses) {  // what grows far off
    const float far_u = random.between(28, 75);
    if (random.chance(0.75f)) tree(random.between(-4, 4), far_u, random.between(8, 14), leafy());
    if (random.chance(0.5f)) tree(random.between(-4, 4), far_u + 12, random.between(8, 14), 4);
  }
}

void Roadside::furniture(Painter& p, double from, double to) const {
  const double here = p.alignment.camera_s();
  const bool village = config_.surroundings == Surroundings::kVillage;
  const auto each = [&](double every, auto&& place) {
    for (double k = std::floor(from / every); k * every < to; ++k)
      place(static_cast<std::int64_t>(k), static_cast<float>(here - k * every));
  };
  if (village) {
    each(kLampEvery_m, [&](std::int64_t k, float d) {
      p.street_lamp(d, k % 2 == 0 ? 1.0f : -1.0f, kLampHeight_m);
    });
  } else {
    each(kPostEvery_m, [&](std::int64_t, float d) {
      p.marker_post(d, kPaved_m + 0.75f);
      p.marker_post(d, -kPaved_m - 0.75f);
    });
    each(kMastEvery_m, [&](std::int64_t, float d) { p.mast(d, -8.0f, 7.6f); });
  }
  each(170, [&](std::int64_t k, float d) {
    Random random(seed_ + 9, key(k));
    const bool other_side = random.chance(0.5f);
    p.sign(d + random.between(0, 100), other_side ? -kPaved_m - 1.1f : kPaved_m + 1.1f, !other_side,
           random.below(3));
  });
  for (const double s : bridges(from, to))
    p.bridge(pictures_.concrete, static_cast<float>(here - s), 0.5f * kBridgeLength_m,
             kBridgeClear_m);
}

void Roadside::draw(Raster& raster, const View& view, const Alignment& alignment,
                    const Atmosphere& atmosphere, const GroundDetail& detail) const {
  Painter painter(raster, view, alignment, atmosphere, detail);
  const double here = alignment.camera_s();
  const auto first =
      static_cast<std::int64_t>(std::floor((here - static_cast<double>(kDrawn_m)) / kCell_m));
  const auto last = static_cast<std::int64_t>(std::floor((here + 12) / kCell_m));
  for (std::int64_t i = last; i >= first; --i) {
    for (const float side : {1.0f, -1.0f}) {
      cell(painter, i, side);
      const float d = static_cast<float>(here - (static_cast<double>(i) + 0.5) * kCell_m);
      if (d > kGrassDrawn_m || config_.surroundings != Surroundings::kCountry) continue;
      Random random(seed_ + (side > 0 ? 10 : 11), key(i));
      for (const float along : {-4.0f, 0.0f}) {
        for (const float u : {kPaved_m + 0.85f, kPaved_m + 1.6f, kPaved_m + 2.5f}) {
          if (d > kRowsDrawn_m && u > kPaved_m + 1) break;  // far off they melt into one
          painter.strip(pictures_.grass, d + along, d + along + 4.0f,
                        side * (u + random.between(-0.12f, 0.12f)), random.between(0.20f, 0.42f),
                        2.5f);
        }
      }
    }
  }
  furniture(painter, here - 220, here + 12);
}

}  // namespace rearview::camera
