#pragma once

#include <cstdint>

#include "analyse/stage.h"

namespace rearview {

/// Rises when the meaning of what a plugin and the program hand to each other changes.
constexpr std::uint64_t kStageVersion = 3;

/// What both sides must have in common: the version, and the layout of what they hand to each
/// other.
constexpr std::uint64_t kStageAbi =
    ((((kStageVersion * 4099 + sizeof(Frame)) * 4099 + sizeof(Analysis)) * 4099 + sizeof(Track)) *
         4099 +
     sizeof(Detection)) *
        4099 +
    sizeof(Alert) + sizeof(StageType) + sizeof(ConfigReader);

/// What a shared library with a stage exports under the name rearview_stage_plugin.
struct StagePlugin {
  std::uint64_t abi;  ///< kStageAbi of the headers that it was built with
  const StageType* type;
};

}  // namespace rearview

/// Exports a class that derives from rearview::Stage and has a member `static const StageType
/// kType`. Once in a library, outside all namespaces.
#define REARVIEW_STAGE_PLUGIN(stage)                                                         \
  extern "C" {                                                                               \
  extern __attribute__((visibility("default")))                                              \
  const ::rearview::StagePlugin rearview_stage_plugin;                                       \
  const ::rearview::StagePlugin rearview_stage_plugin{::rearview::kStageAbi, &stage::kType}; \
  }
