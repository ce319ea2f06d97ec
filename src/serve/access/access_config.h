#pragma once

#include <filesystem>

#include "base/config_reader.h"

namespace rearview {

/// Section `serve.access`: who may look, and who may delete and lock.
struct AccessConfig {
  /// Where the password and the tokens are kept; empty: in memory only.
  std::filesystem::path file;
  /// Who asks from this machine is admin. Not right behind a proxy, where everybody seems to; one
  /// that says so (Forwarded, X-Forwarded-For) is noticed.
  bool this_machine = true;
  bool open_health = false;   ///< /healthz and /readyz are for everybody
  bool open_metrics = false;  ///< /metrics is for everybody
  bool insecure = false;      ///< everybody may do everything

  void read(ConfigReader& reader);
};

}  // namespace rearview
