#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/server.h"
#include "serve/status_json.h"
#include "types/metric.h"

namespace rearview {

struct EventStats {
  std::size_t subscribers = 0;
  std::uint64_t alerts = 0;            ///< since the start
  std::uint64_t analyses_skipped = 0;  ///< newer ones took their place for a slow subscriber
};

/// Everything that is counted, further by other rooms included, in Prometheus' text format 0.0.4.
std::string metrics_text(const std::vector<CameraView>& cameras, const http::ServerStats& http,
                         const EventStats& events, const std::vector<Metric>& further);

}  // namespace rearview
