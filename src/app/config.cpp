#include "app/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "analyse/chain/stage_chain.h"
#include "analyse/chain/stage_table.h"
#include "analyse/network/onnx_detector.h"
#include "app/model_catalogue.h"
#include "base/config_reader.h"
#include "base/error.h"

namespace rearview {
namespace {

constexpr std::size_t kMostCameras = 8;
constexpr std::size_t kMostStages = 16;

nlohmann::json default_stages() {
  return {{{"type", "view"}},
          {{"type", "looming"}},
          {{"type", "onnx"}, {"model", "rearview-vehicle"}},
          {{"type", "tracker"}},
          {{"type", "approach"}}};
}

bool is_camera_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// Before any of them is built, which may take seconds.
void check_stages(const ConfigReader& camera, const nlohmann::json& stages) {
  std::vector<const StageType*> types;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    ConfigReader stage(stages[i], camera.source(), fmt::format("{}/stages/{}", camera.where(), i));
    types.push_back(&stage_type(stage));
  }
  try {
    check_chain(types);
  } catch (const UsageError& error) {
    camera.fail("stages", error.what());
  }
}

void read_camera(ConfigReader& reader, CameraConfig& camera) {
  reader.text("name", camera.name, 1, 32);
  // The name is part of addresses and metric labels.
  if (!is_camera_name(camera.name))
    reader.fail("name",
                fmt::format("\"{}\" has other characters than a-z, 0-9, - and _", camera.name));
  camera.receiver.read(reader);
  reader.number("signal_timeout_ms", camera.watch.signal_timeout_ms, 100, 60'000);
  reader.number("late_ms", camera.watch.late_ms, 10, 60'000);
  reader.number("analysis_timeout_ms", camera.watch.analysis_timeout_ms, 100, 60'000);
  reader.number("jpeg_quality", camera.jpeg_quality, 1, 100);
  if (const nlohmann::json* stages = reader.raw("stages")) {
    if (!stages->is_array() || stages->size() > kMostStages)
      reader.fail("stages", fmt::format("not an array of at most {} stages", kMostStages));
    check_stages(reader, *stages);
    camera.stages = *stages;
  }
}

/// The stage "onnx" with a model of the catalogue: what the manifest says of it, then the keys that
/// are there.
std::unique_ptr<Stage> make_onnx_by_name(ConfigReader& reader) {
  std::string type;
  std::string name;
  reader.text("type", type);
  reader.text("model", name);
  const auto catalogue = ModelCatalogue::of_this_program();
  const Model* model = catalogue.find(name);
  if (!model)
    reader.fail("model", fmt::format("\"{}\" is neither a file (it would end in .onnx or have a /) "
                                     "nor one of the models {}",
                                     name, fmt::join(catalogue.names(), ", ")));
  OnnxSettings settings = model->stage;
  settings.read(reader);
  reader.text("model", name);  // by name again, as what holds
  reader.finish();
  settings.model = catalogue.checked_file(*model);
  return std::make_unique<OnnxDetector>(std::move(settings));
}

bool names_a_model(const nlohmann::json& stage) {
  return stage.is_object() && stage.value("type", nlohmann::json()) == "onnx" &&
         stage.contains("model") && stage["model"].is_string() &&
         is_model_name(stage["model"].get_ref<const std::string&>());
}

/// Copies lists of objects, which reading nothing doesn't bring back.
void copy_lists(const nlohmann::ordered_json& from, nlohmann::ordered_json& to) {
  for (const auto& [key, value] : from.items()) {
    if (value.is_object())
      copy_lists(value, to[key]);
    else if (value.is_array() && !value.empty() && value.front().is_object())
      to[key] = value;
  }
}

/// All but the cameras.
void read_service(ConfigReader& reader, Config& config) {
  reader.choice("log_level", config.log_level,
                {{"error", log::Level::error},
                 {"warning", log::Level::warning},
                 {"info", log::Level::info},
                 {"debug", log::Level::debug}});
  reader.number("opencv_threads", config.opencv_threads, 1, 64);
  reader.object("store", [&](ConfigReader& store) { config.store.read(store); });
  reader.object("serve", [&](ConfigReader& serve) { config.serve.read(serve); });
  reader.object("publish", [&](ConfigReader& publish) { config.publish.read(publish); });
  reader.object("radar", [&](ConfigReader& radar) { config.radar.read(radar); });
  reader.object("gps", [&](ConfigReader& gps) { config.gps.read(gps); });
}

}  // namespace

Config::Config() : cameras(1) {
  cameras.front().stages = default_stages();
}

Config read_config(const std::filesystem::path& file) {
  const nlohmann::json json = read_json_file(file);
  Config config;
  config.source = file.string();
  ConfigReader reader(json, config.source);
  std::string schema;  // for editors
  reader.text("$schema", schema);
  read_service(reader, config);
  if (json.contains("cameras")) config.cameras.clear();
  std::set<std::string> names;
  reader.objects("cameras", 1, kMostCameras, [&](ConfigReader& entry) {
    CameraConfig camera;
    camera.stages = default_stages();
    read_camera(entry, camera);
    if (!names.insert(camera.name).second)
      entry.fail("name", fmt::format("\"{}\" is the name of two cameras", camera.name));
    config.cameras.push_back(std::move(camera));
  });
  reader.finish();
  if (!config.radar.camera.empty() &&
      std::none_of(config.cameras.begin(), config.cameras.end(),
                   [&config](const CameraConfig& one) { return one.name == config.radar.camera; }))
    throw UsageError(fmt::format("{}: /radar/camera: there is no camera \"{}\"", config.source,
                                 config.radar.camera));
  config.given = reader.effective();
  return config;
}

Config read_config_or_default(const std::filesystem::path& file) {
  return file.empty() ? Config() : read_config(file);
}

nlohmann::ordered_json effective_settings(const Config& config,
                                          const std::vector<nlohmann::ordered_json>& stages) {
  // Reading nothing changes nothing, and tells what holds.
  const nlohmann::json nothing = nlohmann::json::object();
  Config same = config;
  ConfigReader reader(nothing, config.source);
  read_service(reader, same);
  nlohmann::ordered_json settings = reader.effective();
  copy_lists(config.given, settings);
  auto& cameras = settings["cameras"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < same.cameras.size(); ++i) {
    ConfigReader entry(nothing, config.source);
    read_camera(entry, same.cameras[i]);
    cameras.push_back(entry.effective());
    cameras.back()["stages"] = stages.at(i);
  }
  return settings;
}

std::vector<std::unique_ptr<Stage>> make_stages(const Config& config, const CameraConfig& camera,
                                                nlohmann::ordered_json* settings) {
  if (settings) *settings = nlohmann::ordered_json::array();
  const auto index = &camera - config.cameras.data();
  std::vector<std::unique_ptr<Stage>> stages;
  for (std::size_t i = 0; i < camera.stages.size(); ++i) {
    ConfigReader reader(camera.stages[i], config.source,
                        fmt::format("/cameras/{}/stages/{}", index, i));
    stages.push_back(names_a_model(camera.stages[i]) ? make_onnx_by_name(reader)
                                                     : make_stage(reader));
    reader.finish();
    if (settings) settings->push_back(reader.effective());
  }
  return stages;
}

}  // namespace rearview
