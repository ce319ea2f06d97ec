#include "position/position_config.h"

#include <fmt/core.h>

namespace rearview {

void PositionConfig::read(ConfigReader& reader) {
  reader.boolean("enabled", enabled);
  reader.text("host", host, 1, 253);
  reader.number("port", port, 1, 65'535);
  reader.text("device", device, 0, 127);
  reader.number("stale_after_ms", stale_after_ms, 500, 60'000);
  reader.number("worst_accuracy_m", worst_accuracy_m, 1, 1'000);
  reader.number("connect_timeout_ms", connect_timeout_ms, 100, 60'000);
  reader.number("answer_timeout_ms", answer_timeout_ms, 500, 60'000);
  reader.number("backoff_min_ms", backoff_min_ms, 10, 60'000);
  reader.number("backoff_max_ms", backoff_max_ms, 10, 3'600'000);
  if (backoff_max_ms < backoff_min_ms)
    reader.fail("backoff_max_ms", fmt::format("less than backoff_min_ms ({})", backoff_min_ms));
  reader.boolean("locate_alerts", locate_alerts);
  reader.boolean("keep_track", keep_track);
}

}  // namespace rearview
