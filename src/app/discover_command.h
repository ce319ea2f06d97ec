#pragma once

namespace rearview {

/// `rearview serve --discover`: prints the cameras that announce themselves in the network, one
/// address a line, and ends. Returns the exit code, 0 also when there is none. Throws
/// std::runtime_error when the network can't be searched.
int discover_command();

}  // namespace rearview
