#include "app/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "analyse/chain/stage_chain.h"
#include "analyse/chain/stage_table.h"
#include "analyse/network/onnx_detector.h"
#include "app/model_catalogue.h"
#include "base/error.h"

namespace rearview {
namespace {

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
  read_settings(reader, settings);
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

}  // namespace

nlohmann::json CameraConfig::default_stages() {
  return {{{"type", "view"}},
          {{"type", "looming"}},
          {{"type", "onnx"}, {"model", "rearview-vehicle"}},
          {{"type", "tracker"}},
          {{"type", "approach"}}};
}

void CameraConfig::read_stages(ConfigReader& reader, const Setting& row, CameraConfig& config) {
  constexpr std::size_t kMostStages = 16;
  reader.describe(row.key, {{"type", "array"}, {"maxItems", kMostStages}});
  if (reader.tells()) reader.describe(row.key, {{"items", stage_schema()}});
  reader.tell(row.key, config.stages);
  const nlohmann::json* stages = reader.raw(row.key);
  if (!stages) return;
  if (!stages->is_array() || stages->size() > kMostStages)
    reader.fail(row.key, fmt::format("not an array of at most {} stages", kMostStages));
  check_stages(reader, *stages);
  config.stages = *stages;
}

void Config::check(const ConfigReader& reader) const {
  std::set<std::string> names;
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    if (!names.insert(cameras[i].name).second)
      reader.fail("cameras", i, "name",
                  fmt::format("\"{}\" is the name of two cameras", cameras[i].name));
  }
  if (!radar.camera.empty() && !names.contains(radar.camera))
    throw UsageError(
        fmt::format("{}: /radar/camera: there is no camera \"{}\"", reader.source(), radar.camera));
}

Config read_config(const std::filesystem::path& file) {
  const nlohmann::json json = read_json_file(file);
  Config config;
  config.source = file.string();
  ConfigReader reader(json, config.source);
  read_settings(reader, config);
  reader.finish();
  return config;
}

Config read_config_or_default(const std::filesystem::path& file) {
  return file.empty() ? Config() : read_config(file);
}

nlohmann::ordered_json effective_settings(const Config& config,
                                          const std::vector<nlohmann::ordered_json>& stages) {
  nlohmann::ordered_json settings = effective_of(config);
  for (std::size_t i = 0; i < config.cameras.size(); ++i)
    settings["cameras"][i]["stages"] = stages.at(i);
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
