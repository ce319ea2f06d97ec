#pragma once

#include <filesystem>

#include "store/store_config.h"

namespace rearview {

/// `--store none`: alerts in memory only.
constexpr const char* kNoStore = "none";

/// Where alerts are kept. option: `--store`, before the configuration; where neither says anything,
/// systemd's state folder (STATE_DIRECTORY), else rearview/ in the user's (XDG base directories).
/// Empty: in memory only, because that is wanted or the user has no home.
std::filesystem::path store_folder(const std::filesystem::path& option, const StoreConfig& config);

}  // namespace rearview
