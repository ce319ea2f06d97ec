#pragma once

#include <vector>

#include "camera/scene/atmosphere.h"
#include "camera/scene/ground.h"
#include "camera/scene/raster.h"
#include "camera/scene/road.h"
#include "camera/scene/roadside.h"
#include "camera/scene/traffic.h"
#include "camera/scene/view.h"

namespace rearview::camera {

/// Draws vehicles, and what they do to the light around them.
class VehiclePainter {
 public:
  /// Shadow on the ground, light of the lamps on it, the lamps themselves. mark: the vehicle's.
  void lay_out(const Vehicle& vehicle, const Alignment& alignment, const Atmosphere& atmosphere,
               double t_s, std::uint8_t mark, GroundDetail& detail, std::vector<Glow>& glows) const;
  /// Returns what of the picture the whole vehicle would cover, empty if it is out of it.
  cv::Rect2f draw(Raster& raster, const View& view, const Alignment& alignment,
                  const Atmosphere& atmosphere, const GroundDetail& detail, const Vehicle& vehicle,
                  double t_s, std::uint8_t mark);

 private:
  std::vector<Vec3> level_;
  std::vector<Corner> corners_;
};

}  // namespace rearview::camera
