#include "camera/camera_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "base/config_reader.h"
#include "base/error.h"

namespace rearview::camera {
namespace {

using nlohmann::json;

std::string problem(const json& config) {
  try {
    CameraConfig::parse(config, "c.json");
    return "";
  } catch (const UsageError& e) {
    return e.what();
  }
}

struct Bad {
  const char* config;
  const char* message;
};

void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.config;
}

class BadConfig : public testing::TestWithParam<Bad> {};

TEST_P(BadConfig, IsRefusedWithOneClearSentence) {
  EXPECT_EQ(problem(json::parse(GetParam().config)), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadConfig,
    testing::Values(
        Bad{R"({"sorce": {}})",
            "c.json: /sorce: unknown key; known here: $schema, board, device, encoder, faults, "
            "log_level, "
            "mdns, mode, record, scene, source, stream"},
        Bad{R"({"log_level": "loud"})",
            "c.json: /log_level: \"loud\" is not one of error, warning, info, debug"},
        Bad{R"({"source": "scene"})", "c.json: /source: \"scene\" is not an object"},
        Bad{R"({"source": {"input": "film"}})",
            "c.json: /source/input: \"film\" is not a source; known: scene, file:PATH, "
            "v4l2:DEVICE, rpicam, or a URL"},
        Bad{R"({"source": {"raw_fps": 0}})",
            "c.json: /source/raw_fps: 0 is not a number from 1 to 120"},
        Bad{R"({"source": {"pass_through": 1}})",
            "c.json: /source/pass_through: 1 is not true or false"},
        Bad{R"({"encoder": {"width_px": 641}})", "c.json: /encoder/width_px: must be even"},
        Bad{R"({"encoder": {"height_px": 361}})", "c.json: /encoder/height_px: must be even"},
        Bad{R"({"encoder": {"fps": 29.97}})",
            "c.json: /encoder/fps: 29.97 is not a whole number from 1 to 120"},
        Bad{R"({"encoder": {"codec": "vp9"}})",
            "c.json: /encoder/codec: \"vp9\" is not one of auto, h264_v4l2m2m, libx264"},
        Bad{R"({"stream": {"listen": "5000"}})",
            "c.json: /stream/listen: \"5000\" is not HOST:PORT with a port from 0 to 65535"},
        Bad{R"({"stream": {"max_clients": 0}})",
            "c.json: /stream/max_clients: 0 is not a whole number from 1 to 1000"},
        Bad{R"({"record": {"max_chunks": 1}})",
            "c.json: /record/max_chunks: 1 is not a whole number from 2 to 100000"},
        Bad{R"({"device": {"listen": ":8000"}})",
            "c.json: /device/listen: \":8000\" is not HOST:PORT with a port from 0 to 65535"},
        Bad{R"({"device": {"contract": "d3"}})",
            "c.json: /device/contract: \"d3\" is not one of d2, fw"},
        Bad{R"({"mode": {"kind": "all"}})",
            "c.json: /mode/kind: \"all\" is not one of both, exclusive"},
        Bad{R"({"board": {"charging": 1}})", "c.json: /board/charging: 1 is not true or false"},
        Bad{R"({"scene": {"light": "noon"}})",
            "c.json: /scene/light: \"noon\" is not one of day, dusk, night"}));

json schema() {
  return read_json_file(std::string(REARVIEW_CONFIG_DIR) + "/camera.schema.json");
}

/// value, standing at the place that the path of keys names; "[]" is an array's only element.
json at_path(const std::vector<std::string>& path, json value) {
  for (auto key = path.rbegin(); key != path.rend(); ++key) {
    json outer;
    if (*key == "[]")
      outer.push_back(std::move(value));
    else
      outer[*key] = std::move(value);
    value = std::move(outer);
  }
  return value;
}

/// Every limit that the schema names is the program's: what lies on it is taken, what lies beyond
/// is not.
void check_limits(json part, std::vector<std::string> path) {
  const auto accepts = [&](const json& value) { return problem(at_path(path, value)).empty(); };
  std::string where;
  for (const auto& key : path) where += "/" + key;
  SCOPED_TRACE(where);

  if (part.contains("type") && part["type"].is_array()) {
    EXPECT_TRUE(accepts(nullptr));
    part["type"] = part["type"][0];
  } else {
    EXPECT_FALSE(accepts(nullptr));
  }
  if (part.contains("enum")) {
    for (const json& value : part["enum"]) EXPECT_TRUE(accepts(value)) << value;
    EXPECT_FALSE(accepts("neither"));
  } else if (part["type"] == "integer" || part["type"] == "number") {
    for (const bool lower : {true, false}) {
      const json& limit = part[lower ? "minimum" : "maximum"];
      EXPECT_TRUE(accepts(limit)) << limit;
      const json beyond = part["type"] == "integer"
                              ? json(limit.get<std::int64_t>() + (lower ? -1 : 1))
                              : json(limit.get<double>() + (lower ? -1e-3 : 1e-3));
      EXPECT_FALSE(accepts(beyond)) << beyond;
    }
    EXPECT_FALSE(accepts("1"));
  } else if (part["type"] == "boolean") {
    EXPECT_TRUE(accepts(true));
    EXPECT_TRUE(accepts(false));
    EXPECT_FALSE(accepts(0));
  } else if (part["type"] == "string") {
    EXPECT_FALSE(accepts(1));
    if (part.value("minLength", 0) > 0) {
      EXPECT_FALSE(accepts(""));
    }
  } else if (part["type"] == "array") {
    EXPECT_EQ(accepts(json::array()), part.value("minItems", 0) == 0);
    EXPECT_FALSE(accepts(json::object()));
    path.push_back("[]");
    check_limits(part["items"], path);
  } else {
    ASSERT_EQ(part["type"], "object");
    EXPECT_EQ(part["additionalProperties"], false);
    EXPECT_FALSE(accepts(json{{"no such key", 1}}));
    for (const auto& [key, inner] : part["properties"].items()) {
      auto deeper = path;
      deeper.push_back(key);
      check_limits(inner, deeper);
    }
  }
}

TEST(CameraConfig, TheSchemaNamesTheProgramsLimits) {
  check_limits(schema(), {});
}

/// What the schema gives as defaults, as a whole configuration.
json defaults(const json& part) {
  if (!part.contains("properties")) return part["default"];
  json all = json::object();
  for (const auto& [key, inner] : part["properties"].items()) {
    if (key != "$schema") all[key] = defaults(inner);
  }
  return all;
}

auto scalars(const SceneConfig& scene) {
  return std::tuple(scene.seed, scene.light, scene.weather, scene.surroundings,
                    scene.left_hand_traffic, scene.hfov_deg, scene.pitch_deg, scene.height_m,
                    scene.speed_mps, scene.shake, scene.traffic, scene.winding,
                    scene.curve_radius_m, scene.avenue, scene.bridge_every_m, scene.noise);
}

TEST(CameraConfig, TheShippedFileHoldsTheDefaults) {
  const std::string file = std::string(REARVIEW_CONFIG_DIR) + "/camera.json";
  json shipped = read_json_file(file);
  EXPECT_EQ(shipped.at("$schema"), "camera.schema.json");
  const CameraConfig read = CameraConfig::read(file);
  const CameraConfig none = CameraConfig::parse(json::object(), "");
  EXPECT_EQ(read.log_level, none.log_level);
  EXPECT_EQ(read.source, none.source);
  EXPECT_EQ(scalars(read.scene), scalars(none.scene));
  EXPECT_TRUE(read.scene.vehicles.empty() && read.scene.speed_profile.empty());
  EXPECT_EQ(read.encoder, none.encoder);
  EXPECT_EQ(read.stream, none.stream);
  EXPECT_EQ(read.record, none.record);
  EXPECT_EQ(read.device, none.device);
  EXPECT_EQ(read.mode, none.mode);
  EXPECT_EQ(read.board, none.board);
  EXPECT_EQ(read.mdns, none.mdns);
  shipped.erase("$schema");
  EXPECT_EQ(shipped, defaults(schema()));
}

}  // namespace
}  // namespace rearview::camera
