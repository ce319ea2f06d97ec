#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config_reader.h"

namespace rearview::camera {

enum class Light { kDay, kDusk, kNight };
enum class Weather { kDry, kRain };
enum class Surroundings { kCountry, kVillage };
enum class VehicleClass { kCar, kVan, kBus, kTruck, kMotorcycle, kBicycle };
/// What a vehicle has in mind.
enum class Behaviour {
  kOvertake,  ///< comes up and passes
  kFollow,    ///< comes up and stays behind, or starts there at the rider's speed
  kFallBack,  ///< starts near and drops back
  kTurnOff,   ///< comes up, then turns off the road before it is near
  kOncoming,  ///< on the other carriageway: comes into view beside the camera and recedes
  kParked     ///< stands at the edge of the road
};

/// The word of interfaces: car, van, bus, truck, motorcycle, bicycle.
const char* name_of(VehicleClass vehicle);

/// One vehicle of a written script.
struct ScriptedVehicle {
  VehicleClass vehicle = VehicleClass::kCar;
  Behaviour behaviour = Behaviour::kOvertake;
  double start_s = 0;  ///< when it is put on the road
  /// Where: metres behind the camera of its front (negative: ahead of the bicycle). Absent: far
  /// enough away to be out of sight (ahead of the camera for oncoming and parked vehicles).
  std::optional<double> distance_m;
  double speed_mps = 16;  ///< what it drives when nothing is in its way; unused when parked
  /// Overtaking: clear space between the rider's middle and its near side as it passes. Negative:
  /// on the kerb's side. Parked: how far its near side stands in from the road's edge line.
  double lateral_m = 1.5;
  double gap_m = 12;        ///< following: the distance kept; turning off: where it begins to turn
  double hold_s = 1e6;      ///< following: for how long, before it overtakes
  bool other_side = false;  ///< parked or turning off: on the far side of the road
  std::int64_t look = -1;   ///< model and paint, -1: by the seed

  void read(ConfigReader& reader);
};

/// The rider's speed at a time; between two points it changes evenly.
struct SpeedPoint {
  double t_s = 0;
  double speed_mps = 0;
};

/// What the drawn road looks like and who drives on it.
struct SceneConfig {
  std::uint64_t seed = 1;
  Light light = Light::kDay;
  Weather weather = Weather::kDry;
  Surroundings surroundings = Surroundings::kCountry;
  bool left_hand_traffic = false;
  double hfov_deg = 70;                   ///< the lens: angle across the picture's width
  double pitch_deg = -2;                  ///< of the camera, upwards positive
  double height_m = 0.9;                  ///< of the camera above the road
  double speed_mps = 6;                   ///< of the rider; 0 stands still
  std::vector<SpeedPoint> speed_profile;  ///< if not empty, instead of speed_mps
  double shake = 1;                       ///< 0 none, 1 an ordinary road, 3 cobbles
  double traffic = 1;           ///< vehicles that come by themselves, 0 none, 1 one every 9 s or so
  double winding = 0.5;         ///< bends of the road, 0 straight
  double curve_radius_m = 0;    ///< a bend without end, positive to the rider's right; 0 none
  double avenue = 0.3;          ///< share of the road with trees close by, whose shadows fall on it
  double bridge_every_m = 900;  ///< 0 none
  double noise = 1;             ///< of the sensor; 0 none
  /// Each picture carries the moment it was drawn (camera/source/time_code.h), so that its age can
  /// be measured wherever it is shown.
  bool time_code = false;
  std::vector<ScriptedVehicle> vehicles;  ///< added to the traffic

  /// Reads the keys that are there; a wrong one throws UsageError (ConfigReader).
  void read(ConfigReader& reader);
};

}  // namespace rearview::camera
