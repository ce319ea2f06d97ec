#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyse/stage.h"
#include "base/setting.h"

namespace rearview {

/// The type of this name; null where there is none.
const StageType* stage_type(std::string_view name);

/// The type that the object's "type" names, or, where that is "plugin", the one of the shared
/// library that "library" names. Throws UsageError.
const StageType& stage_type(ConfigReader& config);

/// Builds the stage that the object's "type" names and reads the rest of the object as its
/// settings. Throws UsageError for a type that is not in the table or settings that don't fit,
/// std::runtime_error when what it needs (a model, say) can't be loaded.
std::unique_ptr<Stage> make_stage(ConfigReader& config);

/// JSON Schema of one entry of a list of stages: any of them.
nlohmann::ordered_json stage_schema();

/// Names of all stages, for messages and for the contract test.
std::vector<std::string> stage_types();

}  // namespace rearview
