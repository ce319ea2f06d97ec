#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/setting.h"
#include "types/analysis.h"

namespace rearview {

/// Section `store.clips`: which alerts get a clip or a snapshot, and how long and large what is
/// kept for that may grow.
struct ClipConfig {
  std::vector<AlertKind> kinds{AlertKind::fast_approach, AlertKind::overtake,
                               AlertKind::close_pass};
  std::vector<AlertKind> snapshot_kinds{AlertKind::vehicle_approaching, AlertKind::fast_approach,
                                        AlertKind::overtake, AlertKind::close_pass,
                                        AlertKind::view_blocked};
  double pre_roll_s = 4;
  double post_roll_s = 2;
  double most_s = 30;
  std::size_t ring_bytes = std::size_t{32} << 20;

  static void read_kinds(ConfigReader& reader, const Setting& row, ClipConfig& config);
  static void read_snapshot_kinds(ConfigReader& reader, const Setting& row, ClipConfig& config);
  static constexpr auto settings() {
    using S = ClipConfig;
    return std::array{
        setting<read_kinds>("kinds",
                            "An encounter with a vehicle gets one clip when one of its alerts is "
                            "of these kinds."),
        setting<read_snapshot_kinds>("snapshot_kinds", "Alerts that get a snapshot each."),
        setting<&S::pre_roll_s>("pre_roll_s", {0, 60}, "Before the encounter's first alert."),
        setting<&S::post_roll_s>("post_roll_s", {0, 60},
                                 "After its last, or after the vehicle was last a threat."),
        setting<&S::most_s>("most_s", {1, 300}, "A longer encounter keeps its end."),
        setting<&S::ring_bytes>("ring_bytes", {1 << 20, 1 << 30},
                                "Memory per camera for clips that may come, and for those that "
                                "wait for the disk."),
    };
  }
  void check(const ConfigReader& reader) const;
  bool wants_clip(AlertKind kind) const;
  bool wants_snapshot(AlertKind kind) const;
  bool operator==(const ClipConfig&) const = default;
};

/// Section `store` of the configuration.
struct StoreConfig {
  /// Empty where nobody found one: alerts in memory only.
  std::filesystem::path folder;
  bool in_memory = false;  ///< "none" in the place of the folder: in memory is what is wanted
  std::size_t alerts_in_memory = 10'000;
  std::size_t alerts_on_disk = 1'000'000;
  int keep_days = 90;
  std::uint64_t media_bytes = std::uint64_t{4} << 30;
  std::uint64_t least_free_bytes = std::uint64_t{256} << 20;
  int ride_gap_s = 600;
  ClipConfig clips;

  static void read_folder(ConfigReader& reader, const Setting& row, StoreConfig& config);
  static constexpr auto settings() {
    using S = StoreConfig;
    return std::array{
        setting<read_folder>("folder",
                             "Where alerts, snapshots and clips outlive a restart; empty: "
                             "systemd's state folder, else rearview in $XDG_STATE_HOME or "
                             "~/.local/state; none: alerts in memory only."),
        setting<&S::alerts_in_memory>("alerts_in_memory", {1, 1'000'000},
                                      "Also how many may wait for a disk that doesn't take them."),
        setting<&S::alerts_on_disk>("alerts_on_disk", {1, 100'000'000},
                                    "And passes and rides likewise; the oldest go first."),
        setting<&S::keep_days>("keep_days", {0, 36'500},
                               "Older alerts go, with their snapshots and clips; 0: never."),
        setting<&S::media_bytes>("media_bytes", {1 << 20, static_cast<double>(1ULL << 50)},
                                 "All snapshots and clips together; the oldest go first."),
        setting<&S::least_free_bytes>("least_free_bytes", {0, static_cast<double>(1ULL << 40)},
                                      "With less free on the disk no snapshot or clip is written."),
        setting<&S::ride_gap_s>("ride_gap_s", {1, 86'400},
                                "A camera away for longer has begun a new ride when it is back."),
        setting<&S::clips>("clips",
                           "Which alerts get a clip or a snapshot, and how long they are."),
    };
  }
  bool operator==(const StoreConfig&) const = default;
};

}  // namespace rearview
