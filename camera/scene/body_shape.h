#pragma once

#include <vector>

#include "camera/scene/mesh.h"

namespace rearview::camera {

/// The outline of a body at one place along its length.
struct Station {
  float z = 0;
  float bottom = 0.25f;
  float belt = 0.9f;  ///< height of the shoulder, where the windows begin
  float top = 1.4f;   ///< height of the middle line: bonnet, windscreen, roof
  float half_width = 0.85f;
};

/// A vehicle's body: cross sections blended along its length. From it come the skin and whatever is
/// laid onto it (lamps, grille, plates), at the right depth on the curved surface.
class BodyShape {
 public:
  /// stations: rising z. inset: how far the roof's edge lies inside the shoulder. bow: how far the
  /// corners of the front and the back lie behind the middle. roundness: radius of the roof's edge.
  BodyShape(std::vector<Station> stations, float inset, float front_bow, float rear_bow);

  /// z from..to of glass, the rest paint. screens: windscreen, rear window; side: side windows;
  /// pillars: places of posts in the side windows.
  struct Glazing {
    float screen_from = 0, screen_to = 0;
    float rear_from = 0, rear_to = 0;
    float side_from = 0, side_to = 0;
    std::vector<float> pillars;
  };
  void skin(Mesh& mesh, const Glazing& glazing) const;

  /// Lays a patch onto the front (or the back): corners in x and y, run around, each edge straight
  /// as seen along z. lift: metres before the skin.
  struct Flat {
    float x, y;
  };
  void front_patch(Mesh& mesh, Flat a, Flat b, Flat c, Flat d, Part part,
                   float lift = 0.012f) const;
  void rear_patch(Mesh& mesh, Flat a, Flat b, Flat c, Flat d, Part part, float lift = 0.012f) const;
  /// A strip along both sides, from z0 to z1 at these heights.
  void side_patch(Mesh& mesh, float z0, float z1, float y0, float y1, Part part) const;

  float length() const { return stations_.back().z; }
  Station at(float z) const;
  /// Half the width at a height, 0 above and below the body.
  float half_width(float z, float y) const;

 private:
  struct Point {
    float x, y;
  };
  static constexpr int kPoints = 10;
  void section(float z, Point (&points)[kPoints]) const;
  float bowed(float z, float x) const;
  float front_at(float x, float y) const;
  float rear_at(float x, float y) const;
  template <typename Depth>
  void patch(Mesh& mesh, Flat a, Flat b, Flat c, Flat d, Part part, float lift, float outward,
             Depth depth) const;

  std::vector<Station> stations_;
  float inset_;
  float front_bow_;
  float rear_bow_;
};

}  // namespace rearview::camera
