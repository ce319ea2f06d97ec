#pragma once

#include <string>

#include "base/config_reader.h"

namespace rearview {

/// Section `radar`: a rear radar for bike computers over Bluetooth LE (docs/radar.md).
struct RadarConfig {
  bool enabled = false;
  std::string camera;             ///< whose road it tells of; empty: the first
  std::string adapter;            ///< BlueZ's name of it, such as hci0; empty: the first there is
  std::string name = "Rearview";  ///< advertised; some readers look for one they know
  int period_ms = 150;            ///< between lists of targets
  int settle_ms = 2'000;          ///< the road must be seen for so long before it goes on the air
  int stale_after_ms = 2'000;     ///< an older analysis says nothing of the road
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;

  void read(ConfigReader& reader);

  bool operator==(const RadarConfig&) const = default;
};

}  // namespace rearview
