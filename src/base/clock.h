#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rearview {

/// For intervals and deadlines; never goes back.
using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
/// For time stamps that people read.
using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;

inline double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(to - from).count();
}
inline double ms_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// nullopt for what WallTime, which counts nanoseconds, can't hold: outside the years 1678 to 2261.
std::optional<WallTime> wall_time(std::chrono::microseconds since_1970);

/// UTC with milliseconds, as RFC 3339 has it: 2026-11-22T09:00:00.123Z.
std::string rfc3339(WallTime time);
/// Reads what rfc3339() writes; nullopt for anything else.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace rearview
