#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/enumeration.h"
#include "base/setting.h"

namespace rearview::camera {

/// Which generation's form an answer has where they differ (device contract).
enum class Contract { d2, fw };

constexpr auto names_of(Contract) {
  return std::to_array<std::string_view>({"d2", "fw"});
}

/// The device's HTTP interface.
struct DeviceConfig {
  Endpoint listen{"0.0.0.0", 8000};
  Contract contract = Contract::d2;
  std::vector<std::string> allowed_hosts;

  static constexpr auto settings() {
    using S = DeviceConfig;
    return std::array{
        setting<&S::listen>("listen", "HOST:PORT; as --http."),
        setting<&S::contract>("contract", "Generation whose form answers have where they differ."),
        setting<&S::allowed_hosts>(
            "allowed_hosts",
            "Names and addresses it answers to besides localhost, velovision-rearview.local, the "
            "machine's own name (with and without .local), the addresses of its interfaces, and "
            "those of listen and of mdns/host."),
    };
  }
  bool operator==(const DeviceConfig&) const = default;
};

}  // namespace rearview::camera
