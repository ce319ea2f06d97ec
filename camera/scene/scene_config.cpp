#include "camera/scene/scene_config.h"

#include <nlohmann/json.hpp>

namespace rearview::camera {
namespace {

constexpr std::size_t kMostScripted = 200;
constexpr std::size_t kMostSpeedPoints = 200;

}  // namespace

const char* name_of(VehicleClass vehicle) {
  switch (vehicle) {
    case VehicleClass::kCar:
      return "car";
    case VehicleClass::kVan:
      return "van";
    case VehicleClass::kBus:
      return "bus";
    case VehicleClass::kTruck:
      return "truck";
    case VehicleClass::kMotorcycle:
      return "motorcycle";
    case VehicleClass::kBicycle:
      return "bicycle";
  }
  return "vehicle";
}

void ScriptedVehicle::read(ConfigReader& reader) {
  reader.choice("class", vehicle,
                {{"car", VehicleClass::kCar},
                 {"van", VehicleClass::kVan},
                 {"bus", VehicleClass::kBus},
                 {"truck", VehicleClass::kTruck},
                 {"motorcycle", VehicleClass::kMotorcycle},
                 {"bicycle", VehicleClass::kBicycle}});
  reader.choice("behaviour", behaviour,
                {{"overtake", Behaviour::kOvertake},
                 {"follow", Behaviour::kFollow},
                 {"fall_back", Behaviour::kFallBack},
                 {"turn_off", Behaviour::kTurnOff},
                 {"oncoming", Behaviour::kOncoming},
                 {"parked", Behaviour::kParked}});
  reader.number("start_s", start_s, 0, 1e6);
  if (reader.raw("distance_m")) {
    double distance = 0;
    reader.number("distance_m", distance, -100, 250);
    distance_m = distance;
  }
  reader.number("speed_mps", speed_mps, 0, 60);
  reader.number("lateral_m", lateral_m, -3, 4);
  reader.number("gap_m", gap_m, 2, 150);
  reader.number("hold_s", hold_s, 0, 1e6);
  reader.boolean("other_side", other_side);
  reader.number("look", look, -1, 1'000'000);
}

void SceneConfig::read(ConfigReader& reader) {
  std::int64_t seed_value = static_cast<std::int64_t>(seed);
  reader.number("seed", seed_value, 0, std::int64_t{1} << 53);
  seed = static_cast<std::uint64_t>(seed_value);
  reader.choice("light", light,
                {{"day", Light::kDay}, {"dusk", Light::kDusk}, {"night", Light::kNight}});
  reader.choice("weather", weather, {{"dry", Weather::kDry}, {"rain", Weather::kRain}});
  reader.choice("surroundings", surroundings,
                {{"country", Surroundings::kCountry}, {"village", Surroundings::kVillage}});
  reader.boolean("left_hand_traffic", left_hand_traffic);
  reader.number("hfov_deg", hfov_deg, 30, 130);
  reader.number("pitch_deg", pitch_deg, -25, 25);
  reader.number("height_m", height_m, 0.4, 2.5);
  reader.number("speed_mps", speed_mps, 0, 20);
  reader.objects("speed_profile", 0, kMostSpeedPoints, [this](ConfigReader& point) {
    SpeedPoint at;
    point.number("t_s", at.t_s, 0, 1e6);
    point.number("speed_mps", at.speed_mps, 0, 20);
    if (!speed_profile.empty() && at.t_s <= speed_profile.back().t_s)
      point.fail("t_s", "must be later than that of the point before");
    speed_profile.push_back(at);
  });
  reader.number("shake", shake, 0, 5);
  reader.number("traffic", traffic, 0, 5);
  reader.number("winding", winding, 0, 1);
  reader.number("curve_radius_m", curve_radius_m, -10'000, 10'000);
  if (curve_radius_m != 0 && std::abs(curve_radius_m) < 25)
    reader.fail("curve_radius_m", "must be 0, or 25 or more to either side");
  reader.number("avenue", avenue, 0, 1);
  reader.number("bridge_every_m", bridge_every_m, 0, 100'000);
  if (bridge_every_m != 0 && bridge_every_m < 100)
    reader.fail("bridge_every_m", "must be 0, or 100 or more");
  reader.number("noise", noise, 0, 5);
  reader.boolean("time_code", time_code);
  reader.objects("vehicles", 0, kMostScripted, [this](ConfigReader& item) {
    ScriptedVehicle vehicle;
    vehicle.read(item);
    vehicles.push_back(vehicle);
  });
}

}  // namespace rearview::camera
