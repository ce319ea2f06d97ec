#pragma once

#include <string>

namespace rearview {

struct NaluOptions {
  std::string input;  ///< tcp://host:port, a raw .h264 file, or anything libavformat opens
  bool json = false;  ///< one JSON object a line
};

/// `rearview nalu`: prints each NAL unit to standard output as it comes, and at the end of the
/// input, at a signal or when the reader of the output goes away, a summary of the stream.
/// Returns the exit code; throws UsageError when the input can't be opened or has no H.264, and
/// std::runtime_error when the connection breaks.
int nalu_command(const NaluOptions& options);

}  // namespace rearview
