#include "camera/stream/stream_config.h"

#include <string>

#include "base/error.h"

namespace rearview::camera {

void StreamConfig::read(ConfigReader& reader) {
  std::string address = listen.text();
  reader.text("listen", address, 1, 300);
  try {
    listen = parse_endpoint(address);
  } catch (const UsageError& e) {
    reader.fail("listen", e.what());
  }
  reader.number("max_clients", max_clients, 1, 1000);
  reader.number("send_buffer_kb", send_buffer_kb, 4, 4096);
  reader.number("max_backlog_ms", max_backlog_ms, 50, 10000);
  reader.number("stuck_timeout_ms", stuck_timeout_ms, 200, 600000);
  reader.number("gop_cache_kb", gop_cache_kb, 64, 262144);
}

}  // namespace rearview::camera
