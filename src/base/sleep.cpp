#include "base/sleep.h"

#include <condition_variable>
#include <mutex>

namespace rearview {

bool sleep_until(std::stop_token stop, SteadyTime deadline) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, deadline, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace rearview
