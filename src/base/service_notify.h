#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace rearview {

/// Tells systemd how the service does (sd_notify(3)), through the socket that NOTIFY_SOCKET names;
/// without one nothing happens. Any thread.
void notify_service_manager(std::string_view state);

/// How often systemd wants to hear WATCHDOG=1, by WATCHDOG_USEC; nullopt when it doesn't.
std::optional<SteadyClock::duration> watchdog_period();

}  // namespace rearview
