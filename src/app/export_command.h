#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace rearview {

struct ExportOptions {
  // Just one of these.
  std::optional<std::uint64_t> alert;  ///< whose clip
  std::optional<std::uint64_t> ride;   ///< as a FIT activity
  bool feedback = false;               ///< all clips that its rider marked, as ground truth

  bool burn = false;             ///< draw the boxes into the clip's pictures
  std::filesystem::path out;     ///< replaced when it is there
  std::filesystem::path store;   ///< store folder; empty: the configuration's
  std::filesystem::path config;  ///< empty: defaults
};

/// `rearview export`: writes to a file the clip of a stored alert, as it is or with what was seen
/// drawn into it, a ride for ride sites, or what riders said of their alerts as ground truth for
/// `rearview eval`. The service may be running; of a ride that goes on it is then what the service
/// has written down. Returns the exit code; throws UsageError for what the user gave wrong and
/// std::runtime_error for what fails.
int export_command(const ExportOptions& options);

}  // namespace rearview
