#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "camera/scene/geometry.h"

namespace rearview::camera {

/// What a piece of a model is made of; an instance of the model gives each its surface.
enum class Part : std::uint8_t {
  kPaint,
  kSecondPaint,  ///< cargo box, stripe, rider's jacket
  kGlass,
  kBehindGlass,  ///< driver and seats, seen through the windscreen
  kFaceBehindGlass,
  kBlack,
  kUnder,  ///< wheel arches, what lies in the vehicle's own shadow
  kChrome,
  kTyre,
  kRim,
  kHeadlight,
  kTaillight,
  kIndicatorLeft,  ///< on the driver's left
  kIndicatorRight,
  kPlate,
  kPlateText,
  kSkin,
  kCloth,
  kHelmet,
  kCount
};
inline constexpr std::size_t kPartCount = static_cast<std::size_t>(Part::kCount);

struct MeshVertex {
  Vec3 at;
  Vec3 normal;
  Part part = Part::kPaint;
};

/// A model in metres, standing on y = 0: x to the right of who looks at its front, y up, z from the
/// front (0) to the back. Triangles run so that cross(b - a, c - a) points outwards.
struct Mesh {
  std::vector<MeshVertex> vertices;
  std::vector<std::array<std::uint32_t, 3>> triangles;

  std::uint32_t vertex(Vec3 at, Vec3 normal, Part part);
  /// Turns the triangle so that it faces along its corners' normals.
  void triangle(std::uint32_t a, std::uint32_t b, std::uint32_t c);
  void quad(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    triangle(a, b, c);
    triangle(a, c, d);
  }
  /// A flat four-cornered face that looks along normal.
  void face(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Vec3 normal, Part part);
  void box(Vec3 least, Vec3 most, Part part);
  void ellipsoid(Vec3 centre, Vec3 radius, Part part, int slices = 10);
  /// A limb: a round bar from a to b, its ends closed by half balls if capped.
  void bar(Vec3 a, Vec3 b, float radius_a, float radius_b, Part part, int sides = 8);
  /// A wheel whose axle runs along x from x0 (inner) to x1 (outer side, where the rim is seen).
  void wheel(float x0, float x1, Vec3 centre, float radius, bool spokes);
  /// Adds what build adds, and once more mirrored at x = 0, left and right indicators exchanged.
  void both_sides(const std::function<void(Mesh&)>& build);
};

}  // namespace rearview::camera
