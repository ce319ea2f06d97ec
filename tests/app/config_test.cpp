#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/config_reader.h"
#include "base/error.h"
#include "base/temporary_folder.h"

namespace rearview {
namespace {

nlohmann::json settings(const Config& config) {
  std::vector<nlohmann::ordered_json> stages;
  for (const CameraConfig& camera : config.cameras)
    make_stages(config, camera, &stages.emplace_back());
  return effective_settings(config, stages);
}

TEST(MqttConfig, TheUrlSaysWhereAndWhether) {
  const auto read = [](const std::string& url) {
    const nlohmann::json json{{"url", url}};
    ConfigReader reader(json, "test");
    MqttConfig config;
    read_settings(reader, config);
    return config;
  };
  EXPECT_EQ(read("mqtt://h").broker, (Endpoint{"h", 1883}));
  EXPECT_EQ(read("mqtts://h").broker, (Endpoint{"h", 8883}));
  EXPECT_EQ(read("mqtts://[::1]").broker, (Endpoint{"::1", 8883}));
  EXPECT_EQ(read("mqtt://[::1]:5/").broker, (Endpoint{"::1", 5}));
  EXPECT_FALSE(read("mqtt://h:1").tls);
  EXPECT_TRUE(read("mqtts://h:1").tls);
}

class ConfigFile : public testing::Test {
 protected:
  Config read(const std::string& text) {
    std::ofstream(file_) << text;
    return read_config(file_);
  }
  std::string problem(const std::string& text) {
    try {
      const Config config = read(text);
      for (const CameraConfig& camera : config.cameras) make_stages(config, camera);
    } catch (const UsageError& e) {
      std::string what = e.what();
      if (const std::string name = file_.string() + ": "; what.starts_with(name))
        what = what.substr(name.size());
      return what;
    }
    return "accepted";
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path file_ = temporary_ / "config.json";
};

TEST_F(ConfigFile, TheShippedFileIsTheDefaults) {
  const std::filesystem::path shipped = REARVIEW_SOURCE_DIR "/config/rearview.json";
  EXPECT_EQ(settings(read_config(shipped)), settings(Config()));
}

TEST_F(ConfigFile, WhatHoldsReadsAsTheSameAgain) {
  const Config config = read(R"({"log_level":"debug","serve":{"port":1234},
      "cameras":[{"name":"a","url":"tcp://h:1","stages":[{"type":"view","enter_s":2},
                  {"type":"looming"},{"type":"tracker"},{"type":"approach"}]},{"name":"b"}]})");
  const nlohmann::json shown = settings(config);
  EXPECT_EQ(shown["log_level"], "debug");
  EXPECT_EQ(shown["serve"]["port"], 1234);
  EXPECT_EQ(shown["serve"]["max_connections"], SiteConfig().max_connections);
  EXPECT_EQ(shown["cameras"][0]["stages"][0]["enter_s"], 2);
  EXPECT_TRUE(shown["cameras"][0]["stages"][3].contains("alert_ttc_s"));
  EXPECT_EQ(shown["cameras"][1]["url"], ReceiverConfig().url);
  EXPECT_EQ(settings(read(shown.dump())), shown);
}

TEST_F(ConfigFile, WhatHoldsTellsListsAndHidesSecrets) {
  const nlohmann::json shown = settings(read(
      R"({"publish":{"webhooks":[{"name":"chat","url":"https://chat.example/hook/secret"}]}})"));
  const auto& hook = shown["publish"]["webhooks"].at(0);
  EXPECT_EQ(hook["name"], "chat");
  EXPECT_EQ(hook["url"], "***");
  EXPECT_TRUE(hook.contains("timeout_ms"));
}

TEST_F(ConfigFile, ACameraKeepsTheDefaultsItDoesNotName) {
  const Config config = read(R"({"cameras":[{"name":"a","url":"tcp://h:1"},{"name":"b"}]})");
  ASSERT_EQ(config.cameras.size(), 2u);
  EXPECT_EQ(config.cameras[0].receiver.url, "tcp://h:1");
  EXPECT_EQ(config.cameras[1].receiver.url, ReceiverConfig().url);
  EXPECT_EQ(config.cameras[1].stages.size(), 5u);
  EXPECT_EQ(make_stages(config, config.cameras[1]).size(), 5u);
}

TEST_F(ConfigFile, EveryFaultHasItsSentence) {
  const std::pair<const char*, const char*> faults[] = {
      {R"({"camera":[]})",
       "/camera: unknown key; known here: $schema, cameras, gps, log_level, opencv_threads, "
       "publish, "
       "radar, serve, store"},
      {R"({"radar":{"camera":"front"}})", "/radar/camera: there is no camera \"front\""},
      {R"({"gps":{"backoff_min_ms":5000,"backoff_max_ms":1000}})",
       "/gps/backoff_max_ms: less than backoff_min_ms (5000)"},
      {R"({"cameras":[]})", "/cameras: 0 entries are not from 1 to 8"},
      {R"({"cameras":[{"name":"Rear 1"}]})",
       "/cameras/0/name: \"Rear 1\" has other characters than a-z, 0-9, _ and -"},
      {R"({"cameras":[{"name":"a"},{"name":"a"}]})",
       "/cameras/1/name: \"a\" is the name of two cameras"},
      {R"({"cameras":[{"url":"tcp://host"}]})",
       "/cameras/0/url: \"host\" is not HOST:PORT with a port from 0 to 65535"},
      {R"({"cameras":[{"backoff_min_ms":500,"backoff_max_ms":100}]})",
       "/cameras/0/backoff_max_ms: less than backoff_min_ms (500)"},
      {R"({"cameras":[{"stages":{}}]})", "/cameras/0/stages: not an array of at most 16 stages"},
      {R"({"cameras":[{"stages":[{"type":"approach"}]}]})",
       "/cameras/0/stages: stage \"approach\" reads sight, which no stage writes: put \"view\" "
       "before "
       "it"},
      {R"({"cameras":[{"stages":[{"type":"view"},{"type":"approach"},{"type":"tracker"}]}]})",
       "/cameras/0/stages: stage \"approach\" reads tracks, which \"tracker\" writes only behind "
       "it: "
       "put \"tracker\" before \"approach\""},
      {R"({"cameras":[{"stages":[{"type":"view"},{"type":"looming"},{"type":"approach"}]}]})",
       "/cameras/0/stages: stage \"approach\" reads tracks, which no stage writes: put \"tracker\" "
       "before it"},
      {R"({"cameras":[{"stages":[{"type":"looming"},{"type":"tracker"}]}]})",
       "/cameras/0/stages: no stage judges the road; \"approach\" must be one of them"},
      {R"({"cameras":[{"stages":[{"type":"nonsense"},{"type":"approach"}]}]})",
       "/cameras/0/stages/0/type: \"nonsense\" is not one of approach, external, looming, onnx, "
       "tracker, "
       "view, plugin"},
      {R"({"cameras":[{"stages":[{},{"type":"approach"}]}]})",
       "/cameras/0/stages/0/type: is missing; one of approach, external, looming, onnx, tracker, "
       "view, plugin"},
      {R"({"cameras":[{"stages":[{"type":"plugin"}]}]})",
       "/cameras/0/stages/0/library: is missing; the path of a shared library"},
      {R"({"cameras":[{"stages":[{"type":"plugin","library":"/proc/none.so"}]}]})",
       "/cameras/0/stages/0/library: can't be loaded: /proc/none.so: cannot open shared object "
       "file"},
      {R"({"cameras":[{"stages":[{"type":"view"},{"type":"looming"},{"type":"tracker","coast":1},
          {"type":"approach"}]}]})",
       "/cameras/0/stages/2/coast: unknown key; known here: "},
      {R"({"cameras":[{"jpeg_quality":0}]})",
       "/cameras/0/jpeg_quality: 0 is not a whole number from 1 to 100"},
      {R"({"cameras":[{"signal_timeout_ms":0}]})",
       "/cameras/0/signal_timeout_ms: 0 is not a whole number from 100 to 60000"},
      {R"({"log_level":"loud"})", "/log_level: \"loud\" is not one of error, warning, info, debug"},
      {R"({"serve":{"port":70000}})", "/serve/port: 70000 is not a whole number from 0 to 65535"},
      {R"({"publish":{"webhooks":[{}]}})",
       "/publish/webhooks/0/name: is missing; \"home\" would be right"},
      {R"({"publish":{"webhooks":[{"name":"a","url":"ftp://h/"}]}})",
       "/publish/webhooks/0/url: not an http:// or https:// address"},
      {R"({"publish":{"webhooks":[{"name":"a","url":"http://h"},{"name":"a","url":"http://h"}]}})",
       "/publish/webhooks/1/name: \"a\" is the name of two webhooks"},
      {R"({"publish":{"mqtt":{"url":"http://h"}}})",
       "/publish/mqtt/url: \"http://h\" is not mqtt://HOST:PORT or mqtts://HOST:PORT"},
      {R"({"publish":{"mqtt":{"url":"mqtt://u:p@h"}}})",
       "/publish/mqtt/url: user and password go into username and password_file"},
      {R"({"publish":{"mqtt":{"url":"mqtt://h:x"}}})",
       "/publish/mqtt/url: \"h:x\" is not HOST:PORT"},
      {R"({"publish":{"mqtt":{"topic":"a/#"}}})",
       "/publish/mqtt/topic: \"a/#\" is not a topic like home/rearview"},
      {R"({"publish":{"mqtt":{"cert_file":"/c"}}})",
       "/publish/mqtt/key_file: cert_file and key_file go together"},
      {R"({"store":{"folder":5}})", "/store/folder: 5 is not a string"},
      {R"({"opencv_threads":0})", "/opencv_threads: 0 is not a whole number from 1 to 64"},
  };
  for (const auto& [json, sentence] : faults) {
    const std::string said = problem(json);
    EXPECT_EQ(said.substr(0, std::string(sentence).size()), sentence) << json;
  }
  const std::string none = temporary_ / "none";
  EXPECT_THAT(problem(R"({"publish":{"webhooks":[{"name":"a","url":"http://h/","secret_file":")" +
                      none + R"("}]}})"),
              testing::StartsWith(none + ": the secret can't be read"));
  EXPECT_THAT(problem(R"({"publish":{"mqtt":{"username":"u","password_file":")" + none + R"("}}})"),
              testing::StartsWith(none + ": the password can't be read"));
}

}  // namespace
}  // namespace rearview
