#pragma once

#include <cstdint>
#include <vector>

#include "camera/scene/atmosphere.h"
#include "camera/scene/ground.h"
#include "camera/scene/random.h"
#include "camera/scene/raster.h"
#include "camera/scene/road.h"
#include "camera/scene/textures.h"
#include "camera/scene/view.h"

namespace rearview::camera {

/// A lamp that glows in the picture.
struct Glow {
  Vec3 at;      ///< level frame
  Vec3 colour;  ///< as shown, 0 to 255 and beyond
  float size_m = 0.3f;
  std::uint8_t mark = 0;  ///< whose it is: 0 none; only others can stand before it
};

/// Everything that stands still beside and over the road. What stands where follows from the seed
/// and the place alone.
class Roadside {
 public:
  explicit Roadside(const SceneConfig& config);
  /// Shade and lamp light for the ground, lamps for the picture.
  void lay_out(const Alignment& alignment, const Atmosphere& atmosphere, GroundDetail& detail,
               std::vector<Glow>& glows) const;
  void draw(Raster& raster, const View& view, const Alignment& alignment,
            const Atmosphere& atmosphere, const GroundDetail& detail) const;

 private:
  enum class Stretch { kOpen, kAvenue, kWood, kHouses, kWalls };
  Stretch stretch(std::int64_t cell) const;
  /// Places of bridges in [from, to].
  std::vector<double> bridges(double from, double to) const;

  struct Painter;
  void cell(Painter& painter, std::int64_t index, float side) const;
  void furniture(Painter& painter, double from, double to) const;

  SceneConfig config_;
  std::uint64_t seed_;
  RoadsidePictures pictures_;
};

}  // namespace rearview::camera
