#pragma once

#include <cstdint>
#include <filesystem>

namespace rearview {

struct ExportOptions {
  std::uint64_t alert = 0;       ///< whose clip
  bool burn = false;             ///< draw the boxes into the pictures
  std::filesystem::path out;     ///< MP4; replaced when it is there
  std::filesystem::path store;   ///< store folder; empty: the configuration's
  std::filesystem::path config;  ///< empty: defaults
};

/// `rearview export`: writes the clip of a stored alert to a file, as it is or with what was seen
/// drawn into it. The service may be running. Returns the exit code; throws UsageError for what the
/// user gave wrong and std::runtime_error for what fails.
int export_command(const ExportOptions& options);

}  // namespace rearview
