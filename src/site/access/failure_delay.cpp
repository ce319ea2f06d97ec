#include "site/access/failure_delay.h"

#include <algorithm>

namespace rearview {
namespace {

constexpr int kFree = 2;
constexpr int kMostDoublings = 6;
constexpr std::chrono::seconds kLongest(60);
constexpr std::chrono::hours kForgotten(1);
constexpr std::size_t kMostAddresses = 4096;

SteadyClock::duration pause_after(int count) {
  if (count <= kFree) return {};
  return std::min(std::chrono::seconds(1 << std::min(count - kFree - 1, kMostDoublings)), kLongest);
}

}  // namespace

SteadyClock::duration FailureDelay::wait(const std::string& address, SteadyTime now) const {
  const auto it = failures_.find(address);
  if (it == failures_.end()) return {};
  return std::max(it->second.last + pause_after(it->second.count) - now,
                  SteadyClock::duration::zero());
}

void FailureDelay::failed(const std::string& address, SteadyTime now) {
  std::erase_if(failures_,
                [now](const auto& entry) { return now - entry.second.last > kForgotten; });
  Failures& failures = failures_[address];
  ++failures.count;
  failures.last = now;
  if (failures_.size() <= kMostAddresses) return;
  failures_.erase(
      std::min_element(failures_.begin(), failures_.end(),
                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

}  // namespace rearview
