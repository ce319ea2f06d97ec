#pragma once

#include "base/config_reader.h"
#include "base/endpoint.h"

namespace rearview::camera {

/// The raw H.264 stream over TCP.
struct StreamConfig {
  Endpoint listen{"0.0.0.0", 5000};
  int max_clients = 64;
  int send_buffer_kb = 64;      ///< asked of the kernel for each client; it takes twice as much
  int max_backlog_ms = 500;     ///< a client further behind is moved on to an IDR
  int stuck_timeout_ms = 5000;  ///< a client that takes nothing for so long is dropped
  int gop_cache_kb = 8192;      ///< the most that is held for joining clients, for all together

  void read(ConfigReader& reader);
  bool operator==(const StreamConfig&) const = default;
};

}  // namespace rearview::camera
