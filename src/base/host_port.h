#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rearview {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads "host:port", "1.2.3.4:port" or "[::1]:port"; port 0 lets the system choose one. Throws
/// UsageError that names what it was read for.
HostPort parse_host_port(std::string_view text, std::string_view what);

}  // namespace rearview
