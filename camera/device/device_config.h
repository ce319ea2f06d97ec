#pragma once

#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/endpoint.h"

namespace rearview::camera {

/// Which generation's form an answer has where they differ (device contract).
enum class Contract { d2, fw };

/// The device's HTTP interface.
struct DeviceConfig {
  Endpoint listen{"0.0.0.0", 8000};
  Contract contract = Contract::d2;
  /// Names and addresses it answers to besides localhost, velovision-rearview.local, the machine's
  /// own name, the addresses of its interfaces, and those of `listen` and of mDNS.
  std::vector<std::string> allowed_hosts;

  void read(ConfigReader& reader);
  bool operator==(const DeviceConfig&) const = default;
};

}  // namespace rearview::camera
