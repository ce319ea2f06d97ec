#include "app/store_folder.h"

#include <cstdlib>

namespace rearview {
namespace {

std::filesystem::path variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::filesystem::path store_folder(const std::filesystem::path& option, const StoreConfig& config) {
  if (option == kNoStore) return {};
  if (!option.empty()) return option;
  if (config.in_memory || !config.folder.empty()) return config.folder;
  if (const auto state = variable("STATE_DIRECTORY"); !state.empty()) return state;
  // The specification: "If an implementation encounters a relative path [...] it should [...]
  // ignore it."
  if (const auto state = variable("XDG_STATE_HOME"); state.is_absolute()) return state / "rearview";
  if (const auto home = variable("HOME"); home.is_absolute()) return home / ".local/state/rearview";
  return {};
}

}  // namespace rearview
