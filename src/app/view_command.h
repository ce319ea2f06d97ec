#pragma once

#include <filesystem>
#include <string>

namespace rearview {

struct ViewOptions {
  std::string input;             ///< as the receiver's url: tcp://host:port, a recording, any URL
  std::filesystem::path config;  ///< empty: defaults; the first camera's settings are used
};

/// `rearview view`: the live overlay in a window until Q, Escape, the window's cross or a signal.
/// Returns the exit code; throws UsageError, and std::runtime_error where there is no screen.
int view_command(const ViewOptions& options);

}  // namespace rearview
