#pragma once

#include <cstdint>
#include <string>

namespace rearview {

/// What lay in the stream, as it lay there.
struct StreamMessage {
  std::string subject;
  std::uint64_t sequence = 0;  ///< in the stream
  std::int64_t stored_us = 0;  ///< when the stream took it, since 1970
  std::string payload;         ///< JSON, where it is as docs/fleet.md says
};

/// Why this program can't understand a message, in a few words; empty: it can, as far as can be
/// told without a database. What it says of itself must be what its subject says, for a server
/// lets each gateway publish under its own name only.
std::string fault_of(const StreamMessage& message);

}  // namespace rearview
