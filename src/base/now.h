#pragma once

#include <functional>

#include "base/clock.h"

namespace rearview {

/// Tells the time to what judges by it how old or how late something is: SteadyClock::now, where a
/// test doesn't let time pass at its own word. Any thread; must not wait.
using Now = std::function<SteadyTime()>;

}  // namespace rearview
