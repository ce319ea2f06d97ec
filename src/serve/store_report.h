#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "types/event_archive.h"
#include "types/metric.h"

namespace rearview {

/// `store` in /healthz and /readyz.
nlohmann::ordered_json to_json(const StoreStatus& status);
/// The same and more for /metrics.
std::vector<Metric> store_metrics(const StoreStatus& status);

}  // namespace rearview
