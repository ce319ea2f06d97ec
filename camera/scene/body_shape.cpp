#include "camera/scene/body_shape.h"

#include <utility>

namespace rearview::camera {
namespace {

constexpr float kStep_m = 0.006f;

/// Cubic through p1 and p2 (Catmull and Rom 1974), kept between them: bodies must not ripple.
float blend(float p0, float p1, float p2, float p3, float t) {
  const float value = 0.5f * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t +
                              (3 * p1 - p0 - 3 * p2 + p3) * t * t * t);
  return std::clamp(value, std::min(p1, p2), std::max(p1, p2));
}

}  // namespace

BodyShape::BodyShape(std::vector<Station> stations, float inset, float front_bow, float rear_bow)
    : stations_(std::move(stations)), inset_(inset), front_bow_(front_bow), rear_bow_(rear_bow) {}

Station BodyShape::at(float z) const {
  const std::size_t last = stations_.size() - 1;
  std::size_t i = 0;
  while (i + 2 <= last && stations_[i + 1].z <= z) ++i;
  const Station& p1 = stations_[i];
  const Station& p2 = stations_[i + 1];
  const Station& p0 = stations_[i == 0 ? 0 : i - 1];
  const Station& p3 = stations_[std::min(i + 2, last)];
  const float t = clamp01((z - p1.z) / (p2.z - p1.z));
  return {z, blend(p0.bottom, p1.bottom, p2.bottom, p3.bottom, t),
          blend(p0.belt, p1.belt, p2.belt, p3.belt, t), blend(p0.top, p1.top, p2.top, p3.top, t),
          blend(p0.half_width, p1.half_width, p2.half_width, p3.half_width, t)};
}

void BodyShape::section(float z, Point (&points)[kPoints]) const {
  const Station s = at(z);
  const float w = s.half_width;
  const float belt = std::min(s.belt, s.top - 0.02f);
  const float rise = s.top - belt;
  const float inset = inset_ * smoothstep(0.05f, 0.5f, rise);
  const float shoulder = 0.965f * w;
  const float roof = shoulder - inset;
  const float middle = lerp(s.bottom, belt, 0.5f);
  points[0] = {0.90f * w, s.bottom};
  points[1] = {0.975f * w, lerp(s.bottom, belt, 0.12f)};
  points[2] = {w, middle};
  points[3] = {0.995f * w, lerp(s.bottom, belt, 0.85f)};
  points[4] = {shoulder, belt};
  points[5] = {lerp(shoulder, roof, 0.10f), belt + 0.10f * rise};
  points[6] = {lerp(shoulder, roof, 0.88f), belt + 0.84f * rise};
  points[7] = {roof - 0.045f * w, belt + 0.945f * rise};
  points[8] = {0.55f * roof, belt + 0.99f * rise};
  points[9] = {0, s.top};
}

float BodyShape::bowed(float z, float x) const {
  const float half = 0.5f * length();
  const float across = x / stations_[stations_.size() / 2].half_width;
  const float bend = z < half ? front_bow_ * (1 - z / half) : -rear_bow_ * (z / half - 1);
  return z + bend * across * across;
}

float BodyShape::half_width(float z, float y) const {
  Point p[kPoints];
  section(z, p);
  if (y < p[0].y || y > p[kPoints - 1].y) return 0;
  for (int i = 0; i + 1 < kPoints; ++i) {
    if (y <= p[i + 1].y && p[i + 1].y > p[i].y)
      return lerp(p[i].x, p[i + 1].x, (y - p[i].y) / (p[i + 1].y - p[i].y));
  }
  return 0;
}

float BodyShape::front_at(float x, float y) const {
  for (float z = 0; z < length() * 0.6f; z += kStep_m) {
    if (half_width(z, y) > std::abs(x)) return bowed(z, x);
  }
  return bowed(0, x);
}

float BodyShape::rear_at(float x, float y) const {
  for (float z = length(); z > length() * 0.4f; z -= kStep_m) {
    if (half_width(z, y) > std::abs(x)) return bowed(z, x);
  }
  return bowed(length(), x);
}

void BodyShape::skin(Mesh& mesh, const Glazing& glazing) const {
  std::vector<float> places;
  for (std::size_t i = 0; i + 1 < stations_.size(); ++i) {
    const float from = stations_[i].z;
    const float to = stations_[i + 1].z;
    const int steps = std::clamp(static_cast<int>((to - from) / 0.18f), 1, 4);
    for (int k = 0; k < steps; ++k)
      places.push_back(from + (to - from) * static_cast<float>(k) / static_cast<float>(steps));
  }
  places.push_back(length());
  for (const float edge : {glazing.screen_from, glazing.screen_to, glazing.rear_from,
                           glazing.rear_to, glazing.side_from, glazing.side_to})
    places.push_back(std::clamp(edge, 0.0f, length()));
  for (const float pillar : glazing.pillars) {
    places.push_back(pillar - 0.04f);
    places.push_back(pillar + 0.04f);
  }
  std::sort(places.begin(), places.end());
  places.erase(
      std::unique(places.begin(), places.end(), [](float a, float b) { return b - a < 0.004f; }),
      places.end());

  const auto part_of = [&](float z, int strip) {
    const auto within = [z](float from, float to) { return z > from && z < to; };
    if (strip == 0) return Part::kBlack;
    if (strip >= 7 && (within(glazing.screen_from, glazing.screen_to) ||
                       within(glazing.rear_from, glazing.rear_to)))
      return Part::kGlass;
    if (strip == 5 && within(glazing.side_from, glazing.side_to)) {
      for (const float pillar : glazing.pillars) {
        if (within(pillar - 0.041f, pillar + 0.041f)) return Part::kBlack;
      }
      return Part::kGlass;
    }
    return Part::kPaint;
  };
  const auto at_grid = [&](std::size_t i, int j) {
    Point p[kPoints];
    section(places[i], p);
    return Vec3{p[j].x, p[j].y, bowed(places[i], p[j].x)};
  };
  const auto normal_at = [&](std::size_t i, int j) {
    const Vec3 along = at_grid(std::min(i + 1, places.size() - 1), j) - at_grid(i ? i - 1 : 0, j);
    const Vec3 up = at_grid(i, std::min(j + 1, kPoints - 1)) - at_grid(i, std::max(j - 1, 0));
    Vec3 n = cross(up, along);
    if (j == kPoints - 1) n.x = 0;  // the middle line has no side
    const Vec3 outward = at_grid(i, j) - Vec3{0, 0.3f * at_grid(i, kPoints - 1).y, places[i]};
    return dot(n, outward) < 0 ? -n : n;
  };
  mesh.both_sides([&](Mesh& half) {
    for (std::size_t i = 0; i + 1 < places.size(); ++i) {
      const float z = 0.5f * (places[i] + places[i + 1]);
      for (int j = 0; j + 1 < kPoints; ++j) {
        const Part part = part_of(z, j);
        const auto corner = [&](std::size_t a, int b) {
          return half.vertex(at_grid(a, b), normal_at(a, b), part);
        };
        half.quad(corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1));
      }
    }
    for (const std::size_t i : {std::size_t{0}, places.size() - 1}) {  // the ends
      const float outward = i == 0 ? -1.0f : 1.0f;
      for (int j = 0; j + 1 < kPoints; ++j) {
        const Part part = j == 0 ? Part::kBlack : Part::kPaint;
        const Vec3 a = at_grid(i, j);
        const Vec3 b = at_grid(i, j + 1);
        const auto corner = [&](Vec3 at, float lean) {
          return half.vertex(at, {lean, 0, outward}, part);
        };
        const float middle = bowed(places[i], 0);
        half.quad(corner(a, 0.35f), corner(b, 0.35f), corner({0, b.y, middle}, 0),
                  corner({0, a.y, middle}, 0));
      }
    }
  });
}

template <typename Depth>
void BodyShape::patch(Mesh& mesh, Flat a, Flat b, Flat c, Flat d, Part part, float lift,
                      float outward, Depth depth) const {
  const float across = std::max(std::hypot(b.x - a.x, b.y - a.y), std::hypot(c.x - d.x, c.y - d.y));
  const float down = std::max(std::hypot(d.x - a.x, d.y - a.y), std::hypot(c.x - b.x, c.y - b.y));
  const int columns = std::clamp(static_cast<int>(across / 0.12f), 1, 8);
  const int rows = std::clamp(static_cast<int>(down / 0.12f), 1, 6);
  std::vector<std::uint32_t> grid;
  for (int r = 0; r <= rows; ++r) {
    for (int k = 0; k <= columns; ++k) {
      const float s = static_cast<float>(k) / static_cast<float>(columns);
      const float t = static_cast<float>(r) / static_cast<float>(rows);
      const float x = lerp(lerp(a.x, b.x, s), lerp(d.x, c.x, s), t);
      const float y = lerp(lerp(a.y, b.y, s), lerp(d.y, c.y, s), t);
      constexpr float kNearby = 0.02f;
      const float z = depth(x, y);
      const float dx = (depth(x + kNearby, y) - depth(x - kNearby, y)) / (2 * kNearby);
      const float dy = (depth(x, y + kNearby) - depth(x, y - kNearby)) / (2 * kNearby);
      const auto tame = [](float g) { return std::clamp(g, -3.0f, 3.0f); };
      grid.push_back(mesh.vertex({x, y, z + outward * lift},
                                 {-outward * tame(dx), -outward * tame(dy), outward}, part));
    }
  }
  const auto at_grid = [&](int r, int k) {
    return grid[static_cast<std::size_t>(r * (columns + 1) + k)];
  };
  for (int r = 0; r < rows; ++r) {
    for (int k = 0; k < columns; ++k)
      mesh.quad(at_grid(r, k), at_grid(r, k + 1), at_grid(r + 1, k + 1), at_grid(r + 1, k));
  }
}

void BodyShape::front_patch(Mesh& mesh, Flat a, Flat b, Flat c, Flat d, Part part,
                            float lift) const {
  patch(mesh, a, b, c, d, part, lift, -1.0f, [this](float x, float y) { return front_at(x, y); });
}

void BodyShape::rear_patch(Mesh& mesh, Flat a, Flat b, Flat c, Flat d, Part part,
                           float lift) const {
  patch(mesh, a, b, c, d, part, lift, 1.0f, [this](float x, float y) { return rear_at(x, y); });
}

void BodyShape::side_patch(Mesh& mesh, float z0, float z1, float y0, float y1, Part part) const {
  mesh.both_sides([&](Mesh& half) {
    const int steps = std::clamp(static_cast<int>((z1 - z0) / 0.4f), 1, 30);
    for (int i = 0; i < steps; ++i) {
      const float from = lerp(z0, z1, static_cast<float>(i) / static_cast<float>(steps));
      const float to = lerp(z0, z1, static_cast<float>(i + 1) / static_cast<float>(steps));
      const auto corner = [&](float z, float y) {
        const float x = half_width(z, y) + 0.012f;
        return Vec3{x, y, bowed(z, x)};
      };
      half.face(corner(from, y0), corner(to, y0), corner(to, y1), corner(from, y1), {1, 0.05f, 0},
                part);
    }
  });
}

}  // namespace rearview::camera
