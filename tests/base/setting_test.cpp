#include "base/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/error.h"
#include "base/log.h"
#include "base/settings_text.h"

namespace rearview {
namespace {

struct Lamp {
  std::string name;
  double power_w = 3;

  static constexpr auto settings() {
    return std::array{
        setting<&Lamp::name>("name", {.characters = "a-z_-", .example = "left"}, "Whose."),
        setting<&Lamp::power_w>("power_w", {0, 10}, "How bright."),
    };
  }
  bool operator==(const Lamp&) const = default;
};

struct Bell {
  int rings = 2;
  std::optional<double> pitch_hz = 440;

  static constexpr auto settings() {
    return std::array{
        setting<&Bell::rings>("rings", {.least = 2, .most = 8, .step = 2}, "How often."),
        setting<&Bell::pitch_hz>("pitch_hz", {20, 2000}, "null: none."),
    };
  }
  void check(const ConfigReader& reader) const {
    if (rings == 8 && !pitch_hz) reader.fail("rings", "too many for no pitch");
  }
};

struct Bicycle {
  log::Level log_level = log::Level::info;
  bool locked = false;
  std::string token = "";
  std::filesystem::path manual;
  std::vector<std::string> riders{"a"};
  Endpoint listen{"::1", 80};
  Bell bell;
  std::vector<Lamp> lamps{{"rear", 5}};
  int gears = 7;

  static void read_gears(ConfigReader& reader, const Setting& row, Bicycle& bicycle) {
    reader.number(row.key, bicycle.gears, 1, 30);
  }
  static constexpr auto settings() {
    using S = Bicycle;
    return std::array{
        schema_reference(),
        setting<&S::log_level>("log_level", "What is told."),
        setting<&S::locked>("locked", "Whether it is."),
        setting<&S::token>("token", {.secret = true}, "Who may."),
        setting<&S::manual>("manual", "A file."),
        setting<&S::riders>("riders", {0, 2}, "Who rides it."),
        setting<&S::listen>("listen", "HOST:PORT."),
        inlined<&S::bell>(),
        setting<&S::lamps>("lamps", {1, 2}, "What shines."),
        setting<read_gears>("gears", "Counted at the hub."),
    };
  }
};

Bicycle read_bicycle(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  ConfigReader reader(json, "/etc/c.json");
  Bicycle bicycle;
  read_settings(reader, bicycle);
  reader.finish();
  return bicycle;
}

std::string bicycle_problem(const std::string& text) {
  try {
    read_bicycle(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Setting, WhatIsGivenReplacesTheMembersOwn) {
  const Bicycle bicycle = read_bicycle(
      R"({"$schema":"s","log_level":"debug","locked":true,"token":"t","manual":"m","riders":["b"],
          "listen":"h:1","rings":4,"pitch_hz":null,"lamps":[{"name":"l"},{"name":"r","power_w":1}],
          "gears":3})");
  EXPECT_EQ(bicycle.log_level, log::Level::debug);
  EXPECT_TRUE(bicycle.locked);
  EXPECT_EQ(bicycle.manual, "/etc/m");
  EXPECT_EQ(bicycle.riders, std::vector<std::string>{"b"});
  EXPECT_EQ(bicycle.listen, (Endpoint{"h", 1}));
  EXPECT_EQ(bicycle.bell.rings, 4);
  EXPECT_EQ(bicycle.bell.pitch_hz, std::nullopt);
  EXPECT_EQ(bicycle.lamps, (std::vector<Lamp>{{"l", 3}, {"r", 1}}));
  EXPECT_EQ(bicycle.gears, 3);
  EXPECT_EQ(read_bicycle("{}").lamps, Bicycle().lamps);
}

TEST(Setting, WhatIsNotAllowedIsRefused) {
  const std::pair<const char*, const char*> faults[] = {
      {R"({"$schema":1})", "/$schema: 1 is not a string"},
      {R"({"log_level":"loud"})", "/log_level: \"loud\" is not one of error, warning, info, debug"},
      {R"({"token":1})", "/token: it is not a text of 0 to 4096 bytes"},
      {R"({"riders":["a","b","c"]})", "/riders: 3 entries are not from 0 to 2"},
      {R"({"listen":"h"})", "/listen: \"h\" is not HOST:PORT with a port from 0 to 65535"},
      {R"({"rings":3})", "/rings: 3 is not a multiple of 2"},
      {R"({"rings":9})", "/rings: 9 is not a whole number from 2 to 8"},
      {R"({"pitch_hz":"a"})", "/pitch_hz: \"a\" is not a number from 20 to 2000"},
      {R"({"rings":8,"pitch_hz":null})", "/rings: too many for no pitch"},
      {R"({"lamps":[]})", "/lamps: 0 entries are not from 1 to 2"},
      {R"({"lamps":[{}]})", "/lamps/0/name: is missing; \"left\" would be right"},
      {R"({"lamps":[{"name":"Left"}]})",
       "/lamps/0/name: \"Left\" has other characters than a-z, _ and -"},
      {R"({"lamps":[{"name":"a","power":1}]})",
       "/lamps/0/power: unknown key; known here: name, power_w"},
      {R"({"gears":0})", "/gears: 0 is not a whole number from 1 to 30"},
  };
  for (const auto& [json, sentence] : faults)
    EXPECT_EQ(bicycle_problem(json), std::string("/etc/c.json: ") + sentence);
}

TEST(Setting, WhatHoldsIsToldWithoutSecrets) {
  Bicycle bicycle;
  bicycle.token = "hunter2";
  bicycle.bell.pitch_hz.reset();
  EXPECT_EQ(effective_of(bicycle).dump(),
            R"({"log_level":"info","locked":false,"token":"***","manual":"","riders":["a"],)"
            R"("listen":"[::1]:80","rings":2,"pitch_hz":null,)"
            R"("lamps":[{"name":"rear","power_w":5.0}],"gears":7})");
}

TEST(Setting, TheSchemaSaysWhatIsAllowed) {
  const nlohmann::json schema = schema_of<Bicycle>();
  EXPECT_EQ(schema["additionalProperties"], false);
  const auto& all = schema["properties"];
  EXPECT_EQ(all["log_level"],
            nlohmann::json::parse(R"({"enum":["error","warning","info","debug"],"default":"info",
                                      "description":"What is told."})"));
  EXPECT_EQ(all["rings"],
            nlohmann::json::parse(R"({"type":"integer","minimum":2,"maximum":8,"multipleOf":2,
                                      "default":2,"description":"How often."})"));
  EXPECT_EQ(all["pitch_hz"]["type"], nlohmann::json::parse(R"(["number","null"])"));
  EXPECT_EQ(all["riders"],
            nlohmann::json::parse(R"({"type":"array","maxItems":2,"items":{"type":"string"},
                                      "default":["a"],"description":"Who rides it."})"));
  EXPECT_EQ(all["lamps"]["items"]["required"], nlohmann::json::parse(R"(["name"])"));
  EXPECT_EQ(all["lamps"]["items"]["properties"]["name"],
            nlohmann::json::parse(R"({"type":"string","maxLength":4096,"pattern":"^[a-z_-]*$",
                                      "examples":["left"],"description":"Whose."})"));
  EXPECT_EQ(all["gears"]["maximum"], 30);
}

TEST(SettingsText, TheDefaultsAreAFileWithComments) {
  const auto text =
      SettingsText::of<Bicycle>("bicycle", "s.json", "bicycle check").print("defaults");
  EXPECT_THAT(text, testing::HasSubstr(R"(
  "$schema": "s.json",  // For editors.
  "log_level": "info",  // What is told. One of error, warning, info, debug.
)"));
  EXPECT_THAT(text, testing::HasSubstr(R"(
  "lamps": [{  // What shines.
    "name": "rear",  // Whose.
    "power_w": 5  // How bright.
  }],
  "gears": 7  // Counted at the hub.
}
)"));
  EXPECT_EQ(effective_of(read_bicycle(nlohmann::json::parse(text, nullptr, true, true).dump())),
            effective_of(Bicycle()));
}

TEST(SettingsText, ThePageHasALineForEach) {
  const auto page = SettingsText::of<Bicycle>("bicycle", "s.json", "bicycle check").print("docs");
  for (const char* line : {"| `rings` | `2` | 2 to 8, a multiple of 2 | How often. |\n",
                           "| `locked` | `false` | true, false | Whether it is. |\n",
                           "### `lamps[]`\n\n| key", "| `name` | must be given | "})
    EXPECT_THAT(page, testing::HasSubstr(line));
}

}  // namespace
}  // namespace rearview
