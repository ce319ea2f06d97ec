#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace rearview::test {

/// Calls condition until it holds; false when it doesn't for so long that it never will.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace rearview::test
