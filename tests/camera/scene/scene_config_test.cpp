#include "camera/scene/scene_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace rearview::camera {
namespace {

SceneConfig read(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  ConfigReader reader(json, "camera.json", "/scene");
  SceneConfig config;
  read_settings(reader, config);
  reader.finish();
  return config;
}

std::string complaint(const std::string& text) {
  try {
    read(text);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "none";
}

TEST(SceneConfig, ReadsEverything) {
  const SceneConfig c = read(R"({"seed": 7, "light": "dusk", "weather": "rain",
    "surroundings": "village", "left_hand_traffic": true, "hfov_deg": 100, "pitch_deg": -5,
    "height_m": 1.1, "speed_mps": 4, "shake": 2, "traffic": 0, "winding": 0,
    "curve_radius_m": -80, "avenue": 1, "bridge_every_m": 200, "noise": 0,
    "speed_profile": [{"t_s": 0, "speed_mps": 5}, {"t_s": 4, "speed_mps": 0}],
    "vehicles": [{"class": "bus", "behaviour": "turn_off", "start_s": 2, "distance_m": 90,
                  "speed_mps": 14, "lateral_m": 1, "gap_m": 40, "hold_s": 3,
                  "other_side": true, "look": 4}]})");
  EXPECT_EQ(c.seed, 7u);
  EXPECT_EQ(c.light, Light::kDusk);
  EXPECT_EQ(c.weather, Weather::kRain);
  EXPECT_TRUE(c.left_hand_traffic);
  EXPECT_EQ(c.curve_radius_m, -80);
  ASSERT_EQ(c.speed_profile.size(), 2u);
  ASSERT_EQ(c.vehicles.size(), 1u);
  EXPECT_EQ(c.vehicles[0].vehicle, VehicleClass::kBus);
  EXPECT_EQ(c.vehicles[0].behaviour, Behaviour::kTurnOff);
  EXPECT_EQ(c.vehicles[0].distance_m, 90);
}

TEST(SceneConfig, NamesThePlaceOfWhatIsWrong) {
  using testing::HasSubstr;
  EXPECT_THAT(complaint(R"({"light": "noon"})"), HasSubstr("/scene/light"));
  EXPECT_THAT(complaint(R"({"hfov_deg": 200})"), HasSubstr("/scene/hfov_deg"));
  EXPECT_THAT(complaint(R"({"fog": 1})"), HasSubstr("/scene/fog"));
  EXPECT_THAT(complaint(R"({"curve_radius_m": 3})"), HasSubstr("/scene/curve_radius_m"));
  EXPECT_THAT(complaint(R"({"bridge_every_m": 5})"), HasSubstr("/scene/bridge_every_m"));
  EXPECT_THAT(complaint(R"({"vehicles": [{"class": "tank"}]})"),
              HasSubstr("/scene/vehicles/0/class"));
  EXPECT_THAT(complaint(R"({"vehicles": [{}, {"distance_m": 900}]})"),
              HasSubstr("/scene/vehicles/1/distance_m"));
  EXPECT_THAT(complaint(R"({"speed_profile": [{"t_s": 3}, {"t_s": 3}]})"),
              HasSubstr("/scene/speed_profile/1/t_s"));
}

}  // namespace
}  // namespace rearview::camera
