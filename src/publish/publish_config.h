#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/config_reader.h"

namespace rearview {

/// Section `publish.ndjson`: JSON lines for scripts (docs/publish.md).
struct NdjsonConfig {
  std::filesystem::path socket;  ///< of a Unix socket; empty: none
  bool standard_output = false;
  bool analysis = false;  ///< standard output carries analyses too
  std::size_t max_clients = 32;
  int write_timeout_ms =
      10'000;  ///< a client of the socket that takes nothing for so long is closed
  /// Standard output begins behind this alert; without: with new ones. Of the command line.
  std::optional<std::uint64_t> after;

  void read(ConfigReader& reader);
  /// Throws UsageError when the system can't make a socket of that name. where: of the setting.
  void check(const std::string& where) const;
};

/// Section `publish` of the configuration: the ways out besides HTTP.
struct PublishConfig {
  NdjsonConfig ndjson;

  void read(ConfigReader& reader);
};

}  // namespace rearview
