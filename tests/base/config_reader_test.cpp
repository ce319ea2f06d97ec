#include "base/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace rearview {
namespace {

enum class Light { day, night };
constexpr auto names_of(Light) {
  return std::to_array<std::string_view>({"day", "night"});
}

struct Server {
  int port = 8080;
  double quality = 0.8;
  bool loop = true;
  std::string name = "rear";
  Light light = Light::day;
  std::filesystem::path model;
  std::vector<std::string> hosts;
  int depth = 1;
  std::vector<int> numbers;
};

Server read_server(const std::string& text, const std::string& source = "c.json") {
  const auto json = nlohmann::json::parse(text);
  Server s;
  ConfigReader reader(json, source);
  reader.number("port", s.port, 1, 65535);
  reader.number("quality", s.quality, 0.0, 1.0);
  reader.boolean("loop", s.loop);
  reader.text("name", s.name, 1, 8);
  reader.choice("light", s.light);
  reader.path("model", s.model);
  reader.texts("hosts", s.hosts, 0, 2);
  reader.object("inner", [&](ConfigReader& inner) { inner.number("depth", s.depth, 0, 9); });
  reader.objects("list", 1, 2,
                 [&](ConfigReader& entry) { entry.number("n", s.numbers.emplace_back(), 0, 9); });
  reader.finish();
  return s;
}

std::string problem(const std::string& text) {
  try {
    read_server(text);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(ConfigReader, AbsentKeysKeepTheDefaults) {
  const Server s = read_server("{}");
  EXPECT_EQ(s.port, 8080);
  EXPECT_EQ(s.name, "rear");
  EXPECT_EQ(s.light, Light::day);
}

TEST(ConfigReader, ReadsEveryKind) {
  const Server s = read_server(
      R"({"port":1,"quality":1,"loop":false,"name":"a","light":"night","model":"m.onnx",
          "hosts":["x"],"inner":{"depth":2},"list":[{"n":1},{"n":2}]})",
      "/etc/rearview/c.json");
  EXPECT_EQ(s.port, 1);
  EXPECT_EQ(s.quality, 1.0);
  EXPECT_FALSE(s.loop);
  EXPECT_EQ(s.light, Light::night);
  EXPECT_EQ(s.model, "/etc/rearview/m.onnx");
  EXPECT_EQ(s.depth, 2);
  EXPECT_EQ(s.numbers, (std::vector<int>{1, 2}));
}

nlohmann::ordered_json effective(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  Server s;
  std::string password;
  std::string url = "rtsp://me:secret@camera/a";
  ConfigReader reader(json, "c.json");
  reader.number("port", s.port, 1, 65535);
  reader.choice("light", s.light);
  reader.path("model", s.model);
  reader.secret("password", password);
  reader.text("url", url);
  reader.object("inner", [&](ConfigReader& inner) { inner.number("depth", s.depth, 0, 9); });
  return reader.effective();
}

TEST(ConfigReader, TellsWhatHoldsWithoutSecrets) {
  EXPECT_EQ(effective("{}").dump(), R"({"port":8080,"light":"day","model":"","password":"",)"
                                    R"("url":"rtsp://***@camera/a","inner":{"depth":1}})");
  const auto given = effective(
      R"({"inner":{"depth":2},"password":"hunter2","url":"x","light":"night","model":"/a/../m"})");
  EXPECT_EQ(given.dump(), R"({"port":8080,"light":"night","model":"/m","password":"***",)"
                          R"("url":"x","inner":{"depth":2}})");
}

struct Bad {
  const char* json;
  const char* message;
};

void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.json;
}

class BadConfig : public testing::TestWithParam<Bad> {};

TEST_P(BadConfig, SaysWhatWhereAndWhatWouldBeRight) {
  EXPECT_EQ(problem(GetParam().json), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfig,
    testing::Values(
        Bad{"[]", "c.json: /: [] is not an object"},
        Bad{R"({"prot":1})",
            "c.json: /prot: unknown key; known here: hosts, inner, light, list, loop, model, name, "
            "port, quality"},
        Bad{R"({"port":0})", "c.json: /port: 0 is not a whole number from 1 to 65535"},
        Bad{R"({"port":80.5})", "c.json: /port: 80.5 is not a whole number from 1 to 65535"},
        Bad{R"({"port":"80"})", "c.json: /port: \"80\" is not a whole number from 1 to 65535"},
        Bad{R"({"port":18446744073709551615})",
            "c.json: /port: 18446744073709551615 is not a whole number from 1 to 65535"},
        Bad{R"({"quality":1.5})", "c.json: /quality: 1.5 is not a number from 0 to 1"},
        Bad{R"({"quality":null})", "c.json: /quality: null is not a number from 0 to 1"},
        Bad{R"({"loop":1})", "c.json: /loop: 1 is not true or false"},
        Bad{R"({"name":""})", "c.json: /name: \"\" is not 1 to 8 bytes long"},
        Bad{R"({"name":"a\u0000b"})", "c.json: /name: a NUL character is not allowed"},
        Bad{R"({"light":"dusk"})", "c.json: /light: \"dusk\" is not one of day, night"},
        Bad{R"({"light":1})", "c.json: /light: 1 is not one of day, night"},
        Bad{R"({"hosts":["a","b","c"]})", "c.json: /hosts: 3 entries are not from 0 to 2"},
        Bad{R"({"hosts":[1]})", "c.json: /hosts/0: 1 is not a string"},
        Bad{R"({"inner":1})", "c.json: /inner: 1 is not an object"},
        Bad{R"({"inner":{"a/b":1}})", "c.json: /inner/a~1b: unknown key; known here: depth"},
        Bad{R"({"list":[]})", "c.json: /list: 0 entries are not from 1 to 2"},
        Bad{R"({"list":[{"n":1},{"n":10}]})",
            "c.json: /list/1/n: 10 is not a whole number from 0 to 9"}));

class JsonFile : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    std::ofstream(file_, std::ios::binary) << text;
    return file_;
  }
  std::string problem(const std::filesystem::path& file) {
    try {
      read_json_file(file);
    } catch (const UsageError& e) {
      return e.what();
    }
    return "accepted";
  }

  const TemporaryFolder temporary_;
  std::filesystem::path file_ = temporary_ / "c.json";
};

TEST_F(JsonFile, AllowsComments) {
  const auto json = read_json_file(write("{ // why\n \"port\": /* one */ 1 }"));
  EXPECT_EQ(json.at("port"), 1);
}

TEST_F(JsonFile, RefusesWhatIsNestedTooDeepToBeWrittenAgain) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  const std::string too_deep = file_.string() + ": nested more than 64 levels deep";
  EXPECT_EQ(problem(write(nested(200'000))), too_deep);
  EXPECT_EQ(problem(write(R"({"a":)" + nested(65) + "}")), too_deep);
  EXPECT_EQ(problem(write(nested(60))), "accepted");
}

TEST_F(JsonFile, RefusesANumberThatNoDoubleHolds) {
  EXPECT_EQ(problem(write(R"({"port":1e400})")),
            file_.string() + ": a number is larger than 1.8e308");
}

TEST_F(JsonFile, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(problem(write(R"({"a":{"b":1,"b":2}})")),
            file_.string() + ": key \"b\" stands twice in one object");
  EXPECT_EQ(problem(write(R"({"a":{"b":1},"c":{"b":2}})")), "accepted");
}

TEST_F(JsonFile, SaysWhereTheSyntaxBreaks) {
  EXPECT_THAT(problem(write("{\n \"a\": }")),
              testing::HasSubstr("parse error at line 2, column 7"));
}

TEST_F(JsonFile, RefusesWhatIsNoReadableFileOrTooLarge) {
  EXPECT_EQ(problem(file_), file_.string() + ": can't be read as a file") << "it isn't there";
  EXPECT_EQ(problem(temporary_.path()), temporary_.path().string() + ": can't be read as a file");
  EXPECT_THAT(problem(write(std::string((1 << 20) + 1, ' '))), testing::HasSubstr("larger than"));
}

}  // namespace
}  // namespace rearview
