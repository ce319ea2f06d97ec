#include "analyse/chain/plugin_library.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <stdexcept>

#include "analyse/stage_plugin.h"

namespace rearview {

const StageType& plugin_type(const std::filesystem::path& library) {
  // A name without a slash would be looked for wherever the system keeps libraries.
  void* const loaded = ::dlopen(std::filesystem::absolute(library).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) throw std::runtime_error(fmt::format("can't be loaded: {}", ::dlerror()));
  const auto* plugin = static_cast<const StagePlugin*>(::dlsym(loaded, "rearview_stage_plugin"));
  if (plugin == nullptr)
    throw std::runtime_error(fmt::format(
        "{} exports no stage: it must name one with REARVIEW_STAGE_PLUGIN", library.string()));
  if (plugin->abi != kStageAbi)
    throw std::runtime_error(fmt::format(
        "{} was built with headers that aren't this program's: build it with those that were "
        "installed with it",
        library.string()));
  return *plugin->type;
}

}  // namespace rearview
