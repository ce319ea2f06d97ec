#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "base/endpoint.h"

namespace rearview {

/// A socket address as the system's calls take it.
struct SocketAddress {
  std::vector<unsigned char> bytes;
};

/// Looks a host name up (hosts file, mDNS, DNS) without ever waiting longer than told: the system's
/// lookup can't be broken off and may take ten seconds for a camera that isn't there. One that is
/// given up goes on by itself, and the next try for the same name takes up its result.
/// Throws std::runtime_error with the reason: not found, no answer in time, stopped.
std::vector<SocketAddress> look_up(const Endpoint& endpoint, std::chrono::milliseconds timeout,
                                   const std::stop_token& stop);

}  // namespace rearview
