#pragma once

#include <cstdint>
#include <vector>

#include "camera/scene/road.h"
#include "camera/scene/scene_config.h"

namespace rearview::camera {

/// The bicycle that carries the camera: where it is and how its saddle moves.
class Ride {
 public:
  explicit Ride(const SceneConfig& config);
  void step(double dt_s, const Road& road);

  struct Pose {
    double s = 0;  ///< along the road
    float u = kRiderKeeps_m;
    float speed_mps = 0;
    float heading = 0;  ///< of the road since the start, radians
    float yaw = 0, pitch = 0,
          roll = 0;                 ///< of the camera against the level frame, without its tilt
    float lift_m = 0, shift_m = 0;  ///< of the camera, up and to the picture's right
  };
  const Pose& pose() const { return pose_; }
  double t_s() const { return t_s_; }

 private:
  double wished_speed(double t_s) const;

  SceneConfig config_;
  std::uint64_t seed_;
  double t_s_ = 0;
  double cadence_ = 0;  ///< turns of the pedals
  Pose pose_;
};

}  // namespace rearview::camera
