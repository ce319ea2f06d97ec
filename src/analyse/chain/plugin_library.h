#pragma once

#include <filesystem>

#include "analyse/stage.h"

namespace rearview {

/// The type of stage that a shared library exports with REARVIEW_STAGE_PLUGIN. The library stays
/// loaded until the program ends. Throws std::runtime_error with one sentence where the file can't
/// be loaded, exports no stage, or was built with headers that aren't this program's.
const StageType& plugin_type(const std::filesystem::path& library);

}  // namespace rearview
