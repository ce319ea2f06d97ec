#include "analyse/stage_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analyse/approach_stage.h"
#include "analyse/looming_stage.h"
#include "analyse/onnx_detector.h"
#include "analyse/tracker.h"
#include "analyse/view_stage.h"

// One include and one line of the table for each stage.

namespace rearview {
namespace {

struct Entry {
  const char* type;
  std::unique_ptr<Stage> (*make)(ConfigReader&);
};

const std::vector<Entry>& table() {
  static const std::vector<Entry> entries = {
      {"approach", make_approach}, {"looming", make_looming}, {"onnx", make_onnx},
      {"tracker", make_tracker},   {"view", make_view},
  };
  return entries;
}

}  // namespace

std::unique_ptr<Stage> make_stage(ConfigReader& config) {
  std::string type;
  config.text("type", type);
  if (type.empty())
    config.fail("type", fmt::format("is missing; one of {}", fmt::join(stage_types(), ", ")));
  const auto it = std::find_if(table().begin(), table().end(),
                               [&type](const Entry& entry) { return type == entry.type; });
  if (it == table().end())
    config.fail("type",
                fmt::format("\"{}\" is not one of {}", type, fmt::join(stage_types(), ", ")));
  return it->make(config);
}

std::vector<std::string> stage_types() {
  std::vector<std::string> types;
  for (const Entry& entry : table()) types.emplace_back(entry.type);
  return types;
}

}  // namespace rearview
