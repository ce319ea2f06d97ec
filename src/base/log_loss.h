#pragma once

#include <cstdint>

namespace rearview::log {

/// Lines of the log that standard error didn't take. Writing one never waits: what isn't taken at
/// once, because nobody reads it, is dropped, and the next line that is taken stands behind one
/// that tells how many were. Any thread.
std::uint64_t dropped();

}  // namespace rearview::log
