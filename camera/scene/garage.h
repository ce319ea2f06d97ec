#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "camera/scene/mesh.h"
#include "camera/scene/scene_config.h"

namespace rearview::camera {

/// How a part takes light. Colours are linear light.
struct Surface {
  Vec3 albedo{0.5f, 0.5f, 0.5f};
  float gloss = 0;  ///< share of mirror reflection when looked at squarely
};
using Surfaces = std::array<Surface, kPartCount>;

/// A kind of vehicle. Lamps are in the mesh's coordinates.
struct VehicleModel {
  VehicleClass vehicle = VehicleClass::kCar;
  Mesh mesh;
  float length = 4.2f;
  float width = 1.8f;
  float height = 1.5f;
  std::vector<Vec3> headlights;
  std::vector<Vec3> taillights;
};

/// All the vehicles that there are. Built once; read by one thread or many.
class Garage {
 public:
  Garage();
  /// look: any number; the same number gives the same model and paint.
  const VehicleModel& model(VehicleClass vehicle, std::uint64_t look) const;
  Surfaces surfaces(VehicleClass vehicle, std::uint64_t look) const;

 private:
  std::vector<VehicleModel> models_;
};

/// The builders, by file.
VehicleModel make_hatchback();
VehicleModel make_saloon();
VehicleModel make_estate();
VehicleModel make_offroader();
VehicleModel make_van();
VehicleModel make_truck();
VehicleModel make_bus();
VehicleModel make_motorcycle(bool fairing);
VehicleModel make_cyclist(bool upright);

}  // namespace rearview::camera
