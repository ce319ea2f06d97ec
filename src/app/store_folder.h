#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "store/store_config.h"

namespace rearview {

/// `--store none`: alerts in memory only.
constexpr const char* kNoStore = "none";

/// Where alerts are kept. option: `--store`, before the configuration; where neither says anything,
/// systemd's state folder (STATE_DIRECTORY), else rearview/ in the user's (XDG base directories).
/// Empty: in memory only, because that is wanted or the user has no home.
std::filesystem::path store_folder(const std::filesystem::path& option, const StoreConfig& config);

/// What this program makes from here on is for its user alone, unless the umask shuts all but a
/// group out already: that is somebody's choice. Before any thread that makes a file.
void keep_files_to_ourselves();

/// What a store that others may read holds, made before or by somebody else, is theirs no more. The
/// folder itself stays as it is, since it may hold other things. The names of what was open.
std::vector<std::string> shut_others_out(const std::filesystem::path& store_folder);

}  // namespace rearview
