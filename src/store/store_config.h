#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/config_reader.h"
#include "types/analysis.h"

namespace rearview {

/// Which alerts get a clip or a snapshot, and how long and large what is kept for that may grow.
struct ClipConfig {
  /// An encounter with a vehicle gets one clip when one of its alerts is of these kinds.
  std::vector<AlertKind> kinds{AlertKind::fast_approach, AlertKind::overtake,
                               AlertKind::close_pass};
  /// Alerts of these kinds get a snapshot each.
  std::vector<AlertKind> snapshot_kinds{AlertKind::vehicle_approaching, AlertKind::fast_approach,
                                        AlertKind::overtake, AlertKind::close_pass,
                                        AlertKind::view_blocked};
  double pre_roll_s = 4;   ///< before the encounter's first alert
  double post_roll_s = 2;  ///< after its last, or after the vehicle was last a threat
  double most_s = 30;      ///< a longer encounter keeps its end
  /// What a camera sent, held in memory for clips that may come, per camera; also what clips that
  /// wait for the disk may hold.
  std::size_t ring_bytes = std::size_t{32} << 20;

  void read(ConfigReader& reader);
  bool wants_clip(AlertKind kind) const;
  bool wants_snapshot(AlertKind kind) const;
};

/// Section `store` of the configuration.
struct StoreConfig {
  /// Where alerts, snapshots and clips are kept over restarts; empty: alerts in memory only, or
  /// where whoever starts the service finds a folder for them.
  std::filesystem::path folder;
  bool in_memory = false;  ///< "none" in the place of the folder: in memory is what is wanted
  /// Alerts kept in memory, which is also how many may wait for a disk that doesn't take them.
  std::size_t alerts_in_memory = 10'000;
  /// Alerts kept on disk, and passes and rides likewise; the oldest go first.
  std::size_t alerts_on_disk = 1'000'000;
  int keep_days = 90;  ///< alerts older than this go, with their snapshots and clips; 0: never
  /// All snapshots and clips together; the oldest go first.
  std::uint64_t media_bytes = std::uint64_t{4} << 30;
  /// No snapshot or clip is written when the disk has less free than this.
  std::uint64_t least_free_bytes = std::uint64_t{256} << 20;
  int ride_gap_s = 600;  ///< a camera away for longer has begun a new ride when it is back
  ClipConfig clips;

  void read(ConfigReader& reader);
};

}  // namespace rearview
