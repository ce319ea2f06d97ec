#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rearview::camera {

inline constexpr float kPi = std::numbers::pi_v<float>;

constexpr float radians(float deg) {
  return deg * kPi / 180.0f;
}

/// A point, direction or linear-light colour (then x, y, z are red, green, blue).
struct Vec3 {
  float x = 0, y = 0, z = 0;

  constexpr Vec3 operator+(Vec3 o) const { return {x + o.x, y + o.y, z + o.z}; }
  constexpr Vec3 operator-(Vec3 o) const { return {x - o.x, y - o.y, z - o.z}; }
  constexpr Vec3 operator-() const { return {-x, -y, -z}; }
  constexpr Vec3 operator*(float k) const { return {x * k, y * k, z * k}; }
  /// Component by component, for colours.
  constexpr Vec3 operator*(Vec3 o) const { return {x * o.x, y * o.y, z * o.z}; }
  constexpr Vec3& operator+=(Vec3 o) { return *this = *this + o; }
};

constexpr float dot(Vec3 a, Vec3 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
constexpr Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float length(Vec3 a) {
  return std::sqrt(dot(a, a));
}
inline Vec3 normalized(Vec3 a) {
  const float l = length(a);
  return l > 1e-12f ? a * (1.0f / l) : Vec3{0, 1, 0};
}
constexpr Vec3 lerp(Vec3 a, Vec3 b, float t) {
  return a + (b - a) * t;
}
constexpr float lerp(float a, float b, float t) {
  return a + (b - a) * t;
}
constexpr float clamp01(float v) {
  return std::clamp(v, 0.0f, 1.0f);
}
constexpr float smoothstep(float from, float to, float v) {
  const float t = clamp01((v - from) / (to - from));
  return t * t * (3.0f - 2.0f * t);
}

/// Rotation matrix, rows first.
struct Mat3 {
  Vec3 row0{1, 0, 0}, row1{0, 1, 0}, row2{0, 0, 1};

  constexpr Vec3 operator*(Vec3 v) const { return {dot(row0, v), dot(row1, v), dot(row2, v)}; }
  /// The inverse of a rotation, applied.
  constexpr Vec3 back(Vec3 v) const { return row0 * v.x + row1 * v.y + row2 * v.z; }
};

}  // namespace rearview::camera
