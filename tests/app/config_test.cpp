#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/config_reader.h"
#include "base/error.h"
#include "types/json.h"

namespace rearview {
namespace {

nlohmann::json shown(const NdjsonConfig& ndjson) {
  return {{"socket", ndjson.socket.string()},
          {"standard_output", ndjson.standard_output},
          {"analysis", ndjson.analysis},
          {"max_clients", ndjson.max_clients},
          {"write_timeout_ms", ndjson.write_timeout_ms}};
}

nlohmann::json shown(const std::vector<AlertKind>& kinds) {
  nlohmann::json names = nlohmann::json::array();
  for (const AlertKind kind : kinds) names.push_back(name(kind));
  return names;
}

nlohmann::json shown(const StoreConfig& store) {
  return {{"folder", store.folder.string()},
          {"alerts_in_memory", store.alerts_in_memory},
          {"alerts_on_disk", store.alerts_on_disk},
          {"keep_days", store.keep_days},
          {"media_bytes", store.media_bytes},
          {"least_free_bytes", store.least_free_bytes},
          {"ride_gap_s", store.ride_gap_s},
          {"clips",
           {{"kinds", shown(store.clips.kinds)},
            {"snapshot_kinds", shown(store.clips.snapshot_kinds)},
            {"pre_roll_s", store.clips.pre_roll_s},
            {"post_roll_s", store.clips.post_roll_s},
            {"most_s", store.clips.most_s},
            {"ring_bytes", store.clips.ring_bytes}}}};
}

/// Every setting back as JSON, so that two configurations can be compared whole.
nlohmann::json shown(const Config& config) {
  nlohmann::json cameras = nlohmann::json::array();
  for (const CameraConfig& camera : config.cameras) {
    const ReceiverConfig& receiver = camera.receiver;
    cameras.push_back({{"name", camera.name},
                       {"url", receiver.url},
                       {"connect_timeout_ms", receiver.connect_timeout_ms},
                       {"read_timeout_ms", receiver.read_timeout_ms},
                       {"picture_timeout_ms", receiver.picture_timeout_ms},
                       {"backoff_min_ms", receiver.backoff_min_ms},
                       {"backoff_max_ms", receiver.backoff_max_ms},
                       {"quiet_flush_ms", receiver.quiet_flush_ms},
                       {"decoder_threads", receiver.decoder_threads},
                       {"file_fps", receiver.file_fps},
                       {"signal_timeout_ms", camera.watch.signal_timeout_ms},
                       {"late_ms", camera.watch.late_ms},
                       {"analysis_timeout_ms", camera.watch.analysis_timeout_ms},
                       {"jpeg_quality", camera.jpeg_quality},
                       {"stages", camera.stages}});
  }
  const ServeConfig& serve = config.serve;
  return {{"log_level", static_cast<int>(config.log_level)},
          {"opencv_threads", config.opencv_threads},
          {"serve",
           {{"host", serve.host},
            {"port", serve.port},
            {"max_connections", serve.max_connections},
            {"write_timeout_ms", serve.write_timeout_ms},
            {"stream_buffer_bytes", serve.stream_buffer_bytes},
            {"event_queue_bytes", serve.event_queue_bytes},
            {"snapshot_wait_ms", serve.snapshot_wait_ms},
            {"stale_after_ms", serve.stale_after_ms},
            {"allowed_hosts", serve.allowed_hosts},
            {"cors_origins", serve.cors_origins}}},
          {"publish",
           {{"ndjson", shown(config.publish.ndjson)}, {"webhooks", nlohmann::json::array()}}},
          {"store", shown(config.store)},
          {"cameras", cameras}};
}

class ConfigFile : public testing::Test {
 protected:
  ~ConfigFile() override { std::filesystem::remove(file_); }

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

  const std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                      ("config_test_" + std::to_string(::getpid()) + ".json");
};

TEST_F(ConfigFile, TheShippedFileIsTheDefaultsAndLeavesNoneOut) {
  const std::filesystem::path shipped = REARVIEW_SOURCE_DIR "/config/rearview.json";
  EXPECT_EQ(shown(read_config(shipped)), shown(Config()));
  auto keys = shown(Config());
  auto file = read_json_file(shipped);
  file.erase("$schema");
  file["log_level"] = static_cast<int>(log::Level::info);
  EXPECT_EQ(file, keys);
}

TEST_F(ConfigFile, ACameraKeepsTheDefaultsItDoesNotName) {
  const Config config = read(R"({"cameras":[{"name":"a","url":"tcp://h:1"},{"name":"b"}]})");
  ASSERT_EQ(config.cameras.size(), 2u);
  EXPECT_EQ(config.cameras[0].receiver.url, "tcp://h:1");
  EXPECT_EQ(config.cameras[1].receiver.url, ReceiverConfig().url);
  EXPECT_EQ(config.cameras[1].stages.size(), 4u);
  EXPECT_EQ(make_stages(config, config.cameras[1]).size(), 4u);
}

TEST_F(ConfigFile, EveryFaultHasItsSentence) {
  const std::pair<const char*, const char*> faults[] = {
      {R"({"camera":[]})",
       "/camera: unknown key; known here: $schema, cameras, log_level, opencv_threads, publish, "
       "serve, store"},
      {R"({"cameras":[]})", "/cameras: 0 entries are not from 1 to 8"},
      {R"({"cameras":[{"name":"Rear 1"}]})",
       "/cameras/0/name: \"Rear 1\" has other characters than a-z, 0-9, - and _"},
      {R"({"cameras":[{"name":"a"},{"name":"a"}]})",
       "/cameras/1/name: \"a\" is the name of two cameras"},
      {R"({"cameras":[{"url":"tcp://host"}]})",
       "/cameras/0/url: \"host\" is not HOST:PORT with a port from 0 to 65535"},
      {R"({"cameras":[{"backoff_min_ms":500,"backoff_max_ms":100}]})",
       "/cameras/0/backoff_max_ms: less than backoff_min_ms (500)"},
      {R"({"cameras":[{"stages":{}}]})", "/cameras/0/stages: not an array of at most 16 stages"},
      {R"({"cameras":[{"stages":[{"type":"looming"},{"type":"tracker"}]}]})",
       "/cameras/0/stages: no stage judges the road; \"approach\" must be one of them"},
      {R"({"cameras":[{"stages":[{"type":"nonsense"},{"type":"approach"}]}]})",
       "/cameras/0/stages/0/type: \"nonsense\" is not one of approach, looming, onnx, tracker, "
       "view"},
      {R"({"cameras":[{"stages":[{},{"type":"approach"}]}]})",
       "/cameras/0/stages/0/type: is missing; one of approach, looming, onnx, tracker, view"},
      {R"({"cameras":[{"stages":[{"type":"tracker","coast":1},{"type":"approach"}]}]})",
       "/cameras/0/stages/0/coast: unknown key; known here: "},
      {R"({"cameras":[{"jpeg_quality":0}]})",
       "/cameras/0/jpeg_quality: 0 is not a whole number from 1 to 100"},
      {R"({"cameras":[{"signal_timeout_ms":0}]})",
       "/cameras/0/signal_timeout_ms: 0 is not a whole number from 100 to 60000"},
      {R"({"log_level":"loud"})", "/log_level: \"loud\" is not one of error, warning, info, debug"},
      {R"({"serve":{"port":70000}})", "/serve/port: 70000 is not a whole number from 0 to 65535"},
      {R"({"publish":{"webhooks":[{}]}})",
       "/publish/webhooks/0/name: \"\" is not 1 to 32 of a-z, 0-9, - and _"},
      {R"({"publish":{"webhooks":[{"name":"a","url":"ftp://h/"}]}})",
       "/publish/webhooks/0/url: \"ftp://h/\": not an http:// or https:// address"},
      {R"({"publish":{"webhooks":[{"name":"a","url":"http://h/","secret_file":"/none"}]}})",
       "/none: the secret can't be read"},
      {R"({"publish":{"webhooks":[{"name":"a","url":"http://h"},{"name":"a","url":"http://h"}]}})",
       "/publish/webhooks/1/name: \"a\" is the name of two webhooks"},
      {R"({"store":{"folder":5}})", "/store/folder: 5 is not a string"},
      {R"({"opencv_threads":0})", "/opencv_threads: 0 is not a whole number from 1 to 64"},
  };
  for (const auto& [json, sentence] : faults) {
    const std::string said = problem(json);
    EXPECT_EQ(said.substr(0, std::string(sentence).size()), sentence) << json;
  }
}

}  // namespace
}  // namespace rearview
