#include "camera/scene/scene_config.h"

#include <cmath>

namespace rearview::camera {

void SceneConfig::check(const ConfigReader& reader) const {
  for (std::size_t i = 1; i < speed_profile.size(); ++i) {
    if (speed_profile[i].t_s <= speed_profile[i - 1].t_s)
      reader.fail("speed_profile", i, "t_s", "must be later than that of the point before");
  }
  if (curve_radius_m != 0 && std::abs(curve_radius_m) < 25)
    reader.fail("curve_radius_m", "must be 0, or 25 or more to either side");
  if (bridge_every_m != 0 && bridge_every_m < 100)
    reader.fail("bridge_every_m", "must be 0, or 100 or more");
}

}  // namespace rearview::camera
