#pragma once

#include "camera/scene/atmosphere.h"
#include "camera/scene/ground.h"
#include "camera/scene/raster.h"
#include "camera/scene/road.h"
#include "camera/scene/view.h"

namespace rearview::camera {

/// Puts single things beside the road. d: metres behind the camera, u: from the middle line.
struct RoadsidePainter {
  RoadsidePainter(Raster& raster_, const View& view_, const Alignment& alignment_,
                  const Atmosphere& atmosphere_, const GroundDetail& detail_);

  /// A flat picture that faces the camera.
  void billboard(const Texture& texture, float d, float u, float width, float height);
  /// A picture that stands along the road.
  void strip(const Texture& texture, float from_d, float to_d, float u, float height,
             float repeats);
  void house(const Texture& wall, const Texture& roof, float d, float side, float setback,
             float along, float deep, float eaves);
  void street_lamp(float d, float side, float height);
  void marker_post(float d, float u);
  void mast(float d, float u, float height);
  /// back: one sees its grey back, as of signs for who comes from behind.
  void sign(float d, float u, bool back, int kind);
  void bridge(const Texture& concrete, float d, float half_length, float clear);

  Raster& raster;
  const View& view;
  const Alignment& alignment;
  const Atmosphere& atmosphere;
  const GroundDetail& detail;

 private:
  struct Point {
    Vec3 at;  ///< level frame
    float u = 0, v = 0;
  };
  void pictured(const Point (&corners)[4], const Texture& texture, float brightness);
  void plain(const Vec3 (&corners)[4], Vec3 albedo, Vec3 normal);
  /// An upright bar of square section.
  void post(Vec3 foot, float half, float low, float high, Vec3 albedo);
  bool out_of_sight(Vec3 at, float radius) const;
  float sun_on(Vec3 normal) const;
  float lamp_gain(Vec3 at) const;

  Vec3 gain_;  ///< of pictures made for daylight
  Vec3 haze_;
  Vec3 right_;  ///< the picture's, level
};

}  // namespace rearview::camera
