#pragma once

#include <chrono>
#include <string>

namespace rearview {

/// Why the system's D-Bus can't be used; empty when it answers within `most`. sd-bus itself waits
/// up to 90 s for a bus that accepts connections and then says nothing (its BUS_AUTH_TIMEOUT), and
/// nothing can interrupt it; so it is only called for one that has just answered. Only buses on
/// Unix sockets are asked, others pass. Any thread.
std::string bus_problem(std::chrono::milliseconds most);

/// The same for a D-Bus address (D-Bus specification, "Server Addresses").
std::string bus_problem(const std::string& address, std::chrono::milliseconds most);

}  // namespace rearview
