#pragma once

#include <cstdint>
#include <vector>

#include "camera/scene/garage.h"
#include "camera/scene/random.h"
#include "camera/scene/ride.h"
#include "camera/scene/scene_config.h"

namespace rearview::camera {

/// One vehicle on the road.
struct Vehicle {
  std::uint64_t id = 0;
  ScriptedVehicle plan;  ///< what it was put on the road to do
  Behaviour doing = Behaviour::kOvertake;
  const VehicleModel* model = nullptr;
  Surfaces surfaces;
  double s = 0;         ///< of its front
  float u = 0;          ///< of its middle
  float speed_mps = 0;  ///< as it drives, never negative
  float sideways_mps = 0;
  float turned = 0;      ///< turning off: radians out of the road's direction
  float braking_s = 0;   ///< for how long the brake lights stay on
  double since_s = 0;    ///< in the present behaviour
  double turn_at_s = 0;  ///< turning off: place of the side road
  bool blinks_kerb = false, blinks_middle = false;

  bool oncoming() const { return plan.behaviour == Behaviour::kOncoming; }
  bool parked() const { return plan.behaviour == Behaviour::kParked; }
  /// Its back is towards the camera.
  bool faces_away() const { return oncoming() || (parked() && plan.other_side); }
  /// Its end that is nearer to a camera that looks back, metres behind the camera; negative: ahead.
  double nearest_m(double camera_s) const {
    return faces_away() ? camera_s - s - static_cast<double>(model->length) : camera_s - s;
  }
  double farthest_m(double camera_s) const {
    return nearest_m(camera_s) + static_cast<double>(model->length);
  }
};

/// Everybody else on the road. Deterministic: seed, script and steps decide.
class Traffic {
 public:
  Traffic(const SceneConfig& config, const Garage& garage);
  void step(double t_s, double dt_s, const Ride::Pose& rider);

  const std::vector<Vehicle>& vehicles() const { return vehicles_; }
  /// Those that left for good in the last step.
  const std::vector<std::uint64_t>& gone() const { return gone_; }
  struct Mouth {
    double s = 0;
    float side = 1;
  };
  /// Side roads that somebody turns into.
  const std::vector<Mouth>& mouths() const { return mouths_; }

 private:
  void spawn(ScriptedVehicle plan, const Ride::Pose& rider);
  void spawn_by_chance(double t_s, const Ride::Pose& rider);
  void drive(Vehicle& vehicle, double dt_s, const Ride::Pose& rider);
  void turn_off(Vehicle& vehicle, double dt_s, const Ride::Pose& rider);
  float wished_speed(Vehicle& vehicle, const Ride::Pose& rider) const;
  float wished_u(Vehicle& vehicle, const Ride::Pose& rider) const;
  /// Somebody is passing it, or about to.
  bool overtaken(const Vehicle& vehicle) const;
  /// Keeps a wished line clear of whoever drives alongside.
  float beside_others(const Vehicle& vehicle, float wish) const;
  float leader_acceleration(const Vehicle& vehicle, const Ride::Pose& rider, float free) const;
  double free_start(double distance, const Ride::Pose& rider) const;
  bool oncoming_has_room(const Ride::Pose& rider) const;
  bool finished(const Vehicle& vehicle, const Ride::Pose& rider) const;
  ScriptedVehicle chance_vehicle(const Ride::Pose& rider);

  SceneConfig config_;
  const Garage& garage_;
  Random random_;
  std::vector<Vehicle> vehicles_;
  std::vector<std::uint64_t> gone_;
  std::vector<Mouth> mouths_;
  std::size_t next_scripted_ = 0;
  std::uint64_t next_id_ = 1;
  double next_same_way_s_ = 0;
  double next_oncoming_s_ = 0;
  double next_parked_at_ = 0;  ///< place on the road
};

}  // namespace rearview::camera
