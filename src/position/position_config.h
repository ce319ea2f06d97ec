#pragma once

#include <cstdint>
#include <string>

#include "base/config_reader.h"

namespace rearview {

/// Section `gps`: where the rider is, as gpsd knows it (docs/position.md).
struct PositionConfig {
  bool enabled = false;
  std::string host = "127.0.0.1";
  std::uint16_t port = 2947;
  std::string device;            ///< the receiver, such as /dev/ttyACM0; empty: whichever gpsd has
  int stale_after_ms = 3'000;    ///< an older fix is none
  double worst_accuracy_m = 100;  ///< nor is one that may be further off
  int connect_timeout_ms = 3'000;
  int answer_timeout_ms = 5'000;  ///< gpsd says nothing for so long, though asked: it hangs
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  bool locate_alerts = true;  ///< alerts and passes tell where the rider was
  bool keep_track = true;     ///< rides keep where the rider was, second by second

  void read(ConfigReader& reader);

  bool operator==(const PositionConfig&) const = default;
};

}  // namespace rearview
