#include "camera/device/device_config.h"

#include <string>

#include "base/error.h"

namespace rearview::camera {

void DeviceConfig::read(ConfigReader& reader) {
  std::string address = listen.text();
  reader.text("listen", address, 1, 300);
  try {
    listen = parse_endpoint(address);
  } catch (const UsageError& e) {
    reader.fail("listen", e.what());
  }
  reader.texts("allowed_hosts", allowed_hosts, 0, 64);
  reader.choice("contract", contract, {{"d2", Contract::d2}, {"fw", Contract::fw}});
}

}  // namespace rearview::camera
