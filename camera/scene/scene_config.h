#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/enumeration.h"
#include "base/setting.h"

namespace rearview::camera {

enum class Light { kDay, kDusk, kNight };
enum class Weather { kDry, kRain };
enum class Surroundings { kCountry, kVillage, kWalls };
enum class VehicleClass { kCar, kVan, kBus, kTruck, kMotorcycle, kBicycle };

constexpr auto names_of(Light) {
  return std::to_array<std::string_view>({"day", "dusk", "night"});
}
constexpr auto names_of(Weather) {
  return std::to_array<std::string_view>({"dry", "rain"});
}
constexpr auto names_of(Surroundings) {
  return std::to_array<std::string_view>({"country", "village", "walls"});
}
constexpr auto names_of(VehicleClass) {
  return std::to_array<std::string_view>({"car", "van", "bus", "truck", "motorcycle", "bicycle"});
}

/// What a vehicle has in mind.
enum class Behaviour {
  kOvertake,  ///< comes up and passes
  kFollow,    ///< comes up and stays behind, or starts there at the rider's speed
  kFallBack,  ///< starts near and drops back
  kTurnOff,   ///< comes up, then turns off the road before it is near
  kOncoming,  ///< on the other carriageway: comes into view beside the camera and recedes
  kParked     ///< stands at the edge of the road
};

constexpr auto names_of(Behaviour) {
  return std::to_array<std::string_view>(
      {"overtake", "follow", "fall_back", "turn_off", "oncoming", "parked"});
}

/// One vehicle of a written script.
struct ScriptedVehicle {
  VehicleClass vehicle = VehicleClass::kCar;
  Behaviour behaviour = Behaviour::kOvertake;
  double start_s = 0;
  std::optional<double> distance_m;
  double speed_mps = 16;
  double lateral_m = 1.5;
  double gap_m = 12;
  double hold_s = 1e6;
  bool other_side = false;
  std::int64_t look = -1;

  static constexpr auto settings() {
    using S = ScriptedVehicle;
    return std::array{
        setting<&S::vehicle>("class", "What it is."),
        setting<&S::behaviour>("behaviour",
                               "What it has in mind: overtake, or come up and follow, fall back, "
                               "turn off before it is near, be oncoming, or parked at the edge."),
        setting<&S::start_s>("start_s", {0, 1e6}, "When it is put on the road."),
        setting<&S::distance_m>("distance_m", {-100, 250},
                                "Where: metres behind the camera of its front, negative ahead; "
                                "null: out of sight."),
        setting<&S::speed_mps>("speed_mps", {0, 60},
                               "What it drives when nothing is in its way; unused when parked."),
        setting<&S::lateral_m>("lateral_m", {-3, 4},
                               "Overtaking: clear space between the rider's middle and its near "
                               "side, negative on the kerb's side. Parked: how far its near side "
                               "stands in from the road's edge line."),
        setting<&S::gap_m>("gap_m", {2, 150},
                           "Following: the distance kept. Turning off: where it begins to turn."),
        setting<&S::hold_s>("hold_s", {0, 1e6}, "Following: for how long before it overtakes."),
        setting<&S::other_side>("other_side", "Parked or turning off on the far side."),
        setting<&S::look>("look", {-1, 1'000'000}, "Model and paint; -1: by the seed."),
    };
  }
  bool operator==(const ScriptedVehicle&) const = default;
};

/// The rider's speed at a time; between two points it changes evenly.
struct SpeedPoint {
  double t_s = 0;
  double speed_mps = 0;

  static constexpr auto settings() {
    using S = SpeedPoint;
    return std::array{
        setting<&S::t_s>("t_s", {0, 1e6}, "Later than that of the point before."),
        setting<&S::speed_mps>("speed_mps", {0, 20}, "Of the rider at that time."),
    };
  }
  bool operator==(const SpeedPoint&) const = default;
};

/// What the drawn road looks like and who drives on it.
struct SceneConfig {
  std::uint64_t seed = 1;
  Light light = Light::kDay;
  Weather weather = Weather::kDry;
  Surroundings surroundings = Surroundings::kCountry;
  bool left_hand_traffic = false;
  double hfov_deg = 70;
  double pitch_deg = -2;
  double height_m = 0.9;
  double speed_mps = 6;
  std::vector<SpeedPoint> speed_profile;
  double shake = 1;
  double traffic = 1;
  double winding = 0.5;
  double curve_radius_m = 0;
  double avenue = 0.3;
  double bridge_every_m = 900;
  double noise = 1;
  double bag = 0;
  int drops = 0;
  bool time_code = false;
  std::vector<ScriptedVehicle> vehicles;

  static constexpr auto settings() {
    using S = SceneConfig;
    return std::array{
        setting<&S::seed>("seed", {0, static_cast<double>(1LL << 53)},
                          "Another number draws another road and other traffic."),
        setting<&S::light>("light", "Time of day."),
        setting<&S::weather>("weather", "Weather."),
        setting<&S::surroundings>("surroundings", "What stands beside the road."),
        setting<&S::left_hand_traffic>("left_hand_traffic", "Vehicles keep to the left."),
        setting<&S::hfov_deg>("hfov_deg", {30, 130},
                              "Angle of the lens across the picture's width."),
        setting<&S::pitch_deg>("pitch_deg", {-25, 25}, "Tilt of the camera, upwards positive."),
        setting<&S::height_m>("height_m", {0.4, 2.5}, "Height of the camera above the road."),
        setting<&S::speed_mps>("speed_mps", {0, 20}, "The rider's speed; 0 stands still."),
        setting<&S::speed_profile>(
            "speed_profile", {0, 200},
            "The rider's speed over time, instead of speed_mps; between two points it changes "
            "evenly."),
        setting<&S::shake>("shake", {0, 5}, "0 none, 1 an ordinary road, 3 cobbles."),
        setting<&S::traffic>("traffic", {0, 5},
                             "Vehicles that come by themselves: 0 none, 1 one every 9 s or so."),
        setting<&S::winding>("winding", {0, 1}, "Bends of the road, 0 straight."),
        setting<&S::curve_radius_m>(
            "curve_radius_m", {-10'000, 10'000},
            "A bend without end, positive to the rider's right; 0 none, else 25 or more."),
        setting<&S::avenue>("avenue", {0, 1},
                            "Share of the road with trees close by, whose shadows fall on it."),
        setting<&S::bridge_every_m>("bridge_every_m", {0, 100'000},
                                    "Distance from bridge to bridge; 0 none, else 100 or more."),
        setting<&S::noise>("noise", {0, 5}, "Noise of the sensor; 0 none."),
        setting<&S::bag>("bag", {0, 0.4},
                         "Share of the picture's height that a bag under the camera covers."),
        setting<&S::drops>("drops", {0, 40}, "Drops of water on the lens."),
        setting<&S::time_code>("time_code",
                               "Each picture carries the moment it was drawn "
                               "(camera/source/time_code.h), for measuring its age."),
        setting<&S::vehicles>("vehicles", {0, 200}, "Vehicles added to the traffic."),
    };
  }
  void check(const ConfigReader& reader) const;
  bool operator==(const SceneConfig&) const = default;
};

}  // namespace rearview::camera
