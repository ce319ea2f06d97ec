#pragma once

#include <array>

#include "base/endpoint.h"
#include "base/setting.h"

namespace rearview::camera {

/// The raw H.264 stream over TCP.
struct StreamConfig {
  Endpoint listen{"0.0.0.0", 5000};
  int max_clients = 64;
  int send_buffer_kb = 64;
  int max_backlog_ms = 500;
  int stuck_timeout_ms = 5000;
  int gop_cache_kb = 8192;

  static constexpr auto settings() {
    using S = StreamConfig;
    return std::array{
        setting<&S::listen>("listen", "HOST:PORT; as --stream."),
        setting<&S::max_clients>(
            "max_clients", {1, 1000},
            "Where there are so many, one of the address that holds most gives way to a "
            "newcomer of another; one of an address that holds as much is refused."),
        setting<&S::send_buffer_kb>(
            "send_buffer_kb", {4, 4096},
            "What is asked of the kernel for each client; it takes twice as much."),
        setting<&S::max_backlog_ms>("max_backlog_ms", {50, 10000},
                                    "A client further behind is moved on to an IDR."),
        setting<&S::stuck_timeout_ms>("stuck_timeout_ms", {200, 600000},
                                      "A client that takes nothing for so long is dropped."),
        setting<&S::gop_cache_kb>(
            "gop_cache_kb", {64, 262144},
            "The most that is held for joining and slow clients, for all together."),
    };
  }
  bool operator==(const StreamConfig&) const = default;
};

}  // namespace rearview::camera
