#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/setting.h"

namespace rearview {

/// Section `gps`: where the rider is, as gpsd knows it (docs/position.md).
struct PositionConfig {
  bool enabled = false;
  std::string host = "127.0.0.1";
  std::uint16_t port = 2947;
  std::string device;
  int stale_after_ms = 3'000;
  double worst_accuracy_m = 100;
  int connect_timeout_ms = 3'000;
  int answer_timeout_ms = 5'000;
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  bool locate_alerts = true;
  bool keep_track = true;

  static constexpr auto settings() {
    using S = PositionConfig;
    return std::array{
        setting<&S::enabled>("enabled", "Whether gpsd is asked."),
        setting<&S::host>("host", {1, 253}, "Where gpsd runs."),
        setting<&S::port>("port", {1, 65'535}, "gpsd's port there."),
        setting<&S::device>("device", {.most = 127},
                            "The receiver, such as /dev/ttyACM0; empty: whichever gpsd has."),
        setting<&S::stale_after_ms>("stale_after_ms", {500, 60'000}, "An older position is none."),
        setting<&S::worst_accuracy_m>(
            "worst_accuracy_m", {1, 1'000},
            "Nor is one that may be further off, as the receiver estimates it."),
        setting<&S::connect_timeout_ms>("connect_timeout_ms", {100, 60'000},
                                        "For looking up the host and connecting."),
        setting<&S::answer_timeout_ms>(
            "answer_timeout_ms", {500, 60'000},
            "A gpsd that says nothing for so long, though asked, hangs."),
        setting<&S::backoff_min_ms>("backoff_min_ms", {10, 60'000},
                                    "The first wait before gpsd is tried again."),
        setting<&S::backoff_max_ms>("backoff_max_ms", {10, 3'600'000}, "The longest."),
        setting<&S::locate_alerts>("locate_alerts",
                                   "Alerts and passes tell and keep where the rider was."),
        setting<&S::keep_track>("keep_track", "Rides keep where the rider was, second by second."),
    };
  }
  void check(const ConfigReader& reader) const {
    check_backoff(reader, backoff_min_ms, backoff_max_ms);
  }

  bool operator==(const PositionConfig&) const = default;
};

}  // namespace rearview
