#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace rearview {

struct ServeOptions {
  std::filesystem::path config;  ///< empty: defaults
  std::string camera_url;        ///< replaces the first camera's address; empty: as configured
  std::string http;              ///< HOST:PORT instead of the configured one; empty: as configured
  std::string
      ndjson;  ///< Unix socket for JSON lines, or "-" for standard output; empty: as configured
  std::optional<std::uint64_t> after;  ///< JSON lines on standard output begin behind this alert
  std::filesystem::path store;         ///< instead of the configured folder; empty: as configured
  bool insecure = false;               ///< everybody may do everything
  std::string pair;                    ///< scope of the device to let in; empty: none
  bool check_config = false;           ///< read everything, build every stage, say so and end
};

/// `rearview serve`: runs until a signal or a failure. Returns the exit code. Throws UsageError for
/// what the user gave wrong and std::runtime_error for what can't be started.
int serve_command(const ServeOptions& options);

}  // namespace rearview
