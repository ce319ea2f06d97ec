#include "app/store_folder.h"

#include <sys/stat.h>

#include <cstdlib>
#include <system_error>

namespace rearview {
namespace {

namespace fs = std::filesystem;

std::filesystem::path variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// With the database's log, and what was set aside.
bool is_of_the_store(const std::string& name) {
  return name.starts_with("alerts.db") || name.starts_with("set-aside-") || name == "snapshots" ||
         name == "clips";
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

void keep_files_to_ourselves() {
  constexpr mode_t kUserAlone = 077;
  const mode_t before = umask(kUserAlone);
  if ((before & S_IRWXO) == S_IRWXO) umask(before);
}

std::vector<std::string> shut_others_out(const fs::path& store_folder) {
  std::vector<std::string> open;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(store_folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!is_of_the_store(name)) continue;
    const fs::file_status status = entry.symlink_status(error);
    if (error || fs::is_symlink(status) ||
        (status.permissions() & fs::perms::others_all) == fs::perms::none)
      continue;
    fs::permissions(entry.path(), fs::perms::others_all, fs::perm_options::remove, error);
    if (!error) open.push_back(name);
  }
  return open;
}

}  // namespace rearview
