#pragma once

#include <stop_token>

#include "base/clock.h"

namespace rearview {

/// Sleeps until the deadline. False as soon as stop is asked for.
bool sleep_until(std::stop_token stop, SteadyTime deadline);

}  // namespace rearview
