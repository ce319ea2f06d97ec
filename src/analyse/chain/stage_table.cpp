#include "analyse/chain/stage_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "analyse/approach/approach_stage.h"
#include "analyse/chain/plugin_library.h"
#include "analyse/looming/looming_stage.h"
#include "analyse/network/external_detector.h"
#include "analyse/network/onnx_detector.h"
#include "analyse/tracking/tracker.h"
#include "analyse/view/view_stage.h"

// One include and one line of the table for each stage.

namespace rearview {
namespace {

const std::vector<const StageType*>& table() {
  static const std::vector<const StageType*> types = {
      &ApproachStage::kType, &ExternalDetector::kType, &LoomingStage::kType,
      &OnnxDetector::kType,  &Tracker::kType,          &ViewStage::kType,
  };
  return types;
}

constexpr const char* kPlugin = "plugin";

const StageType& type_from_library(ConfigReader& config) {
  std::filesystem::path library;
  config.path("library", library);
  if (library.empty()) config.fail("library", "is missing; the path of a shared library");
  try {
    return plugin_type(library);
  } catch (const std::runtime_error& error) {
    config.fail("library", error.what());
  }
}

}  // namespace

const StageType* stage_type(std::string_view name) {
  const auto it = std::find_if(table().begin(), table().end(),
                               [name](const StageType* type) { return name == type->name; });
  return it == table().end() ? nullptr : *it;
}

const StageType& stage_type(ConfigReader& config) {
  std::string name;
  config.text("type", name);
  if (name == kPlugin) return type_from_library(config);
  const auto known = fmt::format("{}, {}", fmt::join(stage_types(), ", "), kPlugin);
  if (name.empty()) config.fail("type", fmt::format("is missing; one of {}", known));
  const StageType* type = stage_type(name);
  if (type == nullptr) config.fail("type", fmt::format("\"{}\" is not one of {}", name, known));
  return *type;
}

std::unique_ptr<Stage> make_stage(ConfigReader& config) {
  return stage_type(config).make(config);
}

nlohmann::ordered_json stage_schema() {
  using Json = nlohmann::ordered_json;
  const auto typed = [](const char* name, const char* text, const Json& rest) {
    Json schema{{"description", text}, {"type", "object"}, {"required", {"type"}}};
    schema["properties"]["type"] = {{"const", name}};
    schema["properties"].update(rest.at("properties"));
    schema["additionalProperties"] = rest.value("additionalProperties", true);
    return schema;
  };
  Json all = Json::array();
  for (const StageType* type : table())
    all.push_back(typed(type->name, type->text, type->schema()));
  Json plugin{{"properties",
               {{"library",
                 {{"description",
                   "Path of the library; a relative one is taken from the folder of this file."},
                  {"type", "string"}}}}}};
  all.push_back(typed(kPlugin,
                      "A stage of a shared library (docs/stages.md); the other keys are its own.",
                      plugin));
  all.back()["required"].push_back("library");
  return {{"oneOf", all}};
}

std::vector<std::string> stage_types() {
  std::vector<std::string> names;
  for (const StageType* type : table()) names.emplace_back(type->name);
  return names;
}

}  // namespace rearview
