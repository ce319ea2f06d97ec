#include "radar/radar_config.h"

#include <fmt/core.h>

#include <algorithm>

namespace rearview {
namespace {

/// An advertisement has 31 bytes. The name stands in the scan response, beside nothing but its own
/// 2 bytes of header (Bluetooth Core Specification, Vol 3, Part C, 11).
constexpr std::size_t kLongestName = 29;

}  // namespace

void RadarConfig::read(ConfigReader& reader) {
  reader.boolean("enabled", enabled);
  reader.text("camera", camera, 0, 32);
  reader.text("adapter", adapter, 0, 16);
  if (!std::all_of(adapter.begin(), adapter.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      }))
    reader.fail("adapter", fmt::format("\"{}\" is not a name like hci0", adapter));
  reader.text("name", name, 1, kLongestName);
  reader.number("period_ms", period_ms, 125, 1'000);
  reader.number("settle_ms", settle_ms, 0, 60'000);
  reader.number("stale_after_ms", stale_after_ms, 500, 10'000);
  reader.number("backoff_min_ms", backoff_min_ms, 10, 60'000);
  reader.number("backoff_max_ms", backoff_max_ms, 10, 3'600'000);
  if (backoff_max_ms < backoff_min_ms)
    reader.fail("backoff_max_ms", fmt::format("less than backoff_min_ms ({})", backoff_min_ms));
}

}  // namespace rearview
