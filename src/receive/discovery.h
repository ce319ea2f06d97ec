#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace rearview {

/// A camera that announces its stream in the network.
struct DiscoveredCamera {
  std::string name;        ///< as people read it; whatever the other computer says
  std::string host;        ///< such as velovision-rearview.local
  std::string address;     ///< IPv4, or IPv6 with its interface where it needs one: fe80::1%wlan0
  std::uint16_t port = 0;  ///< of the stream
  auto operator<=>(const DiscoveredCamera&) const = default;
};

/// Asks the Avahi daemon for the cameras that announce _velovision._tcp, each address once, sorted.
/// Returns when the daemon has told all it can find out, at the latest after timeout; at most 256.
/// Throws std::runtime_error when there is no daemon to ask.
std::vector<DiscoveredCamera> discover_cameras(std::chrono::milliseconds timeout);

}  // namespace rearview
