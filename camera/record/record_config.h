#pragma once

#include <array>
#include <filesystem>

#include "base/setting.h"

namespace rearview::camera {

/// Recording to disk.
struct RecordConfig {
  std::filesystem::path folder;
  double chunk_s = 60;
  int max_chunks = 900;
  int max_mb = 27000;  ///< 10^6 bytes
  int min_free_mb = 200;
  int flush_ms = 100;
  double sync_s = 0.5;

  static constexpr auto settings() {
    using S = RecordConfig;
    return std::array{
        setting<&S::folder>("folder",
                            "As --record; relative to this file; empty: nothing is recorded."),
        setting<&S::chunk_s>("chunk_s", {0.5, 3600}, "A chunk ends at the first IDR behind this."),
        setting<&S::max_chunks>("max_chunks", {2, 100000}, "Then the oldest is deleted."),
        setting<&S::max_mb>("max_mb", {1, 10'000'000},
                            "Of all chunks together; then the oldest is deleted."),
        setting<&S::min_free_mb>("min_free_mb", {0, 1'000'000}, "Left free on the disk."),
        setting<&S::flush_ms>("flush_ms", {0, 5000},
                              "The most that a killed program costs, and a picture more."),
        setting<&S::sync_s>("sync_s", {0, 60},
                            "The most that a power cut costs, about; 0: left to the system."),
    };
  }
  bool operator==(const RecordConfig&) const = default;
};

}  // namespace rearview::camera
