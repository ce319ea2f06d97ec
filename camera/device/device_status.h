#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "camera/device/device_parts.h"
#include "http/server.h"

namespace rearview::camera {

/// GET /api/v1/status. May take some milliseconds (disk, fuel gauge).
nlohmann::ordered_json status_json(const DeviceParts& parts);
/// GET /metrics, in Prometheus' text format. http: of the server that answers it.
std::string metrics_text(const DeviceParts& parts, const http::ServerStats& http);
/// Why the camera doesn't do its work; nullopt when it does.
std::optional<std::string> what_ails(const DeviceParts& parts);

}  // namespace rearview::camera
