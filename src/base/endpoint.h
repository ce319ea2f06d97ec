#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rearview {

/// A TCP address as people write it: HOST:PORT, with IPv6 hosts in brackets ([::1]:5000).
struct Endpoint {
  std::string host;  ///< without brackets; not looked up
  std::uint16_t port = 0;

  /// HOST:PORT again, brackets where the host holds a colon.
  std::string text() const;
  bool operator==(const Endpoint&) const = default;
};

/// Throws UsageError when text is not HOST:PORT with a port from 0 to 65535.
Endpoint parse_endpoint(std::string_view text);

}  // namespace rearview
