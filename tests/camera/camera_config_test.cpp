#include "camera/camera_config.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

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
        Bad{R"({"encoder": {"width_px": 641}})",
            "c.json: /encoder/width_px: 641 is not a multiple of 2"},
        Bad{R"({"encoder": {"height_px": 361}})",
            "c.json: /encoder/height_px: 361 is not a multiple of 2"},
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

TEST(CameraConfig, WhatMayBeNullIsReadAsSuch) {
  const CameraConfig config =
      CameraConfig::parse({{"board", {{"battery_mv", nullptr}, {"charging", true}}}}, "c.json");
  EXPECT_EQ(config.board.battery_mv, std::nullopt);
  EXPECT_EQ(config.board.charging, true);
  EXPECT_EQ(config.board.cpu_temp_c, BoardConfig().cpu_temp_c);
}

}  // namespace
}  // namespace rearview::camera
