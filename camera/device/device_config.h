#pragma once

#include "base/config_reader.h"
#include "base/endpoint.h"

namespace rearview::camera {

/// Which generation's form an answer has where they differ (device contract).
enum class Contract { d2, fw };

/// The device's HTTP interface.
struct DeviceConfig {
  Endpoint listen{"0.0.0.0", 8000};
  Contract contract = Contract::d2;

  void read(ConfigReader& reader);
  bool operator==(const DeviceConfig&) const = default;
};

}  // namespace rearview::camera
