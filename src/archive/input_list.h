#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rearview {

/// What a user calls an archive's recordings, one by one and in order: files, http(s) addresses,
/// folders with all recordings in them and below, and @LIST, a file that names such, one a line.
/// Paths are absolute. Throws UsageError for what isn't there, a folder or list without a
/// recording, and what is named twice.
std::vector<std::string> input_list(const std::vector<std::string>& inputs);

/// Every N-th of them.
struct Shard {
  unsigned number = 0;  ///< from 0
  unsigned of = 1;

  /// By the hash of what it is called, so that each is in one shard whatever the list.
  bool has(const std::string& input) const;
};

/// Reads I/N. Throws UsageError.
Shard parse_shard(const std::string& text);

}  // namespace rearview
