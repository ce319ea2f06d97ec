#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"

namespace rearview {

/// Says what bytes look like that ought to be raw H.264 (Annex B), from where they were joined on:
/// "MPEG-TS", "MJPEG", "HEVC (H.265)", "an answer of HTTP"…; nullopt when they may be H.264, and
/// when nothing can be told. A few thousand bytes are enough.
std::optional<std::string> looks_like(std::span<const std::uint8_t> head);

/// The same of a connection. One thread.
class StreamGuess {
 public:
  /// Takes what came next; says what the stream looks like once it is known to be no H.264, which
  /// is also so when no start code has come for a while.
  std::optional<std::string> push(std::span<const std::uint8_t> bytes, SteadyTime now);

 private:
  std::vector<std::uint8_t> head_;
  std::size_t next_look_bytes_ = 0;  // of the head
  int zeros_ = 0;                    // in front of what comes
  bool start_code_seen_ = false;
  bool decided_ = false;
  std::uint64_t bytes_ = 0;
  std::optional<SteadyTime> first_;
};

}  // namespace rearview
