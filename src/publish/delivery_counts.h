#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "types/metric.h"

namespace rearview {

class Channel;

/// What became of the alerts of one channel. Any thread.
struct DeliveryCounts {
  std::atomic<std::uint64_t> alerts = 0;   ///< delivered
  std::atomic<std::uint64_t> retries = 0;  ///< tries that failed
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> too_old = 0;
  std::atomic<std::uint64_t> waiting = 0;
  std::atomic<bool> connected = false;

  /// channel: names them.
  std::vector<Metric> metrics(const Channel& channel) const;
};

}  // namespace rearview
