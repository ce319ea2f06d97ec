#include "position/position_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace rearview {
namespace {

std::string problem(const nlohmann::json& json) {
  try {
    ConfigReader reader(json, "test", "/gps");
    PositionConfig config;
    read_settings(reader, config);
    reader.finish();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PositionConfig, SaysWhatIsWrong) {
  EXPECT_EQ(problem({{"enabled", true}, {"host", "gps.local"}, {"device", "/dev/ttyACM0"}}),
            "accepted");
  EXPECT_EQ(problem({{"port", 0}}), "test: /gps/port: 0 is not a whole number from 1 to 65535");
  EXPECT_EQ(problem({{"backoff_min_ms", 5000}, {"backoff_max_ms", 1000}}),
            "test: /gps/backoff_max_ms: less than backoff_min_ms (5000)");
  EXPECT_NE(problem({{"host", ""}}), "accepted");
  EXPECT_NE(problem({{"stale_after_ms", 499}}), "accepted");
}

}  // namespace
}  // namespace rearview
