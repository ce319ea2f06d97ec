#include "radar/radar_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace rearview {
namespace {

std::string problem(const nlohmann::json& json) {
  try {
    ConfigReader reader(json, "test", "/radar");
    RadarConfig config;
    read_settings(reader, config);
    reader.finish();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RadarConfig, SaysWhatIsWrong) {
  EXPECT_EQ(problem({{"enabled", true}, {"adapter", "hci0"}, {"name", "RTL64894"}}), "accepted");
  EXPECT_EQ(problem({{"adapter", "/org/bluez/hci0"}}),
            "test: /radar/adapter: \"/org/bluez/hci0\" has other characters than a-z and 0-9");
  EXPECT_EQ(problem({{"backoff_min_ms", 5000}, {"backoff_max_ms", 1000}}),
            "test: /radar/backoff_max_ms: less than backoff_min_ms (5000)");
  EXPECT_NE(problem({{"period_ms", 124}}), "accepted") << "8 lists a second at the most";
  EXPECT_NE(problem({{"name", std::string(30, 'x')}}), "accepted");
}

}  // namespace
}  // namespace rearview
