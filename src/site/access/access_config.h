#pragma once

#include <array>
#include <filesystem>

#include "base/setting.h"

namespace rearview {

/// Section `serve.access`: who may look, and who may delete and lock.
struct AccessConfig {
  /// Empty where nobody found a place for it: in memory only.
  std::filesystem::path file;
  bool this_machine = true;
  bool open_health = false;
  bool open_metrics = false;
  bool insecure = false;

  static constexpr auto settings() {
    using S = AccessConfig;
    return std::array{
        setting<&S::file>("file",
                          "Where the password and the tokens are kept; empty: access.json in the "
                          "store's folder."),
        setting<&S::this_machine>(
            "this_machine",
            "Who asks from this machine may do everything. Set it to false behind a proxy, where "
            "everybody seems to; one that says so (Forwarded, X-Forwarded-For) is noticed."),
        setting<&S::open_health>("open_health", "/healthz and /readyz without a token."),
        setting<&S::open_metrics>("open_metrics", "/metrics without a token."),
        setting<&S::insecure>("insecure", "Everybody in the network may watch, delete and lock."),
    };
  }
  bool operator==(const AccessConfig&) const = default;
};

}  // namespace rearview
