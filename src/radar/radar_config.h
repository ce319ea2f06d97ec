#pragma once

#include <array>
#include <string>

#include "base/setting.h"

namespace rearview {

/// Section `radar`: a rear radar for bike computers over Bluetooth LE (docs/radar.md).
struct RadarConfig {
  bool enabled = false;
  std::string camera;
  std::string adapter;
  std::string name = "Rearview";
  int period_ms = 150;
  int settle_ms = 2'000;
  int stale_after_ms = 2'000;
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;

  /// An advertisement has 31 bytes. The name stands in the scan response, beside nothing but its
  /// own 2 bytes of header (Bluetooth Core Specification, Vol 3, Part C, 11).
  static constexpr int kLongestName = 29;

  static constexpr auto settings() {
    using S = RadarConfig;
    return std::array{
        setting<&S::enabled>("enabled", "Whether there is one."),
        setting<&S::camera>("camera", {.most = 32}, "Whose road it tells of; empty: the first."),
        setting<&S::adapter>("adapter", {.most = 16, .characters = "a-z0-9"},
                             "BlueZ's name of it, such as hci0; empty: the first there is."),
        setting<&S::name>("name", {1, kLongestName},
                          "Advertised; some apps look for one they know."),
        setting<&S::period_ms>("period_ms", {125, 1'000}, "Between lists of vehicles."),
        setting<&S::settle_ms>(
            "settle_ms", {0, 60'000},
            "The road must be seen for so long before the radar goes on the air."),
        setting<&S::stale_after_ms>("stale_after_ms", {500, 10'000},
                                    "An older analysis says nothing of the road."),
        setting<&S::backoff_min_ms>("backoff_min_ms", {10, 60'000},
                                    "The first wait before Bluetooth is tried again."),
        setting<&S::backoff_max_ms>("backoff_max_ms", {10, 3'600'000}, "The longest."),
    };
  }
  void check(const ConfigReader& reader) const {
    check_backoff(reader, backoff_min_ms, backoff_max_ms);
  }

  bool operator==(const RadarConfig&) const = default;
};

}  // namespace rearview
