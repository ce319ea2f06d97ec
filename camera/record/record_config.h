#pragma once

#include <filesystem>

#include "base/config_reader.h"

namespace rearview::camera {

/// Recording to disk.
struct RecordConfig {
  std::filesystem::path folder;  ///< empty: nothing is recorded
  double chunk_s = 60;           ///< a chunk ends at the first IDR behind this
  int max_chunks = 900;          ///< then the oldest goes
  int max_mb = 27000;            ///< of all chunks together, as 10^6 bytes
  int min_free_mb = 200;         ///< left free on the disk
  int flush_ms = 100;            ///< the most that a killed program costs, and a picture more
  double sync_s = 0.5;           ///< the most that a power cut costs, about; 0: left to the system

  void read(ConfigReader& reader);
  bool operator==(const RecordConfig&) const = default;
};

}  // namespace rearview::camera
