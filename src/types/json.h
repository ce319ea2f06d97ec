#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "types/analysis.h"
#include "types/camera_status.h"

namespace rearview {

std::string_view name(VehicleClass value);
std::string_view name(Motion value);
std::string_view name(Trend value);
std::string_view name(Side value);
std::string_view name(AnalysisState value);
std::string_view name(Road value);
std::string_view name(AlertKind value);
std::string_view name(AlertLevel value);
std::string_view name(CameraState value);
std::optional<AlertKind> alert_kind_from(std::string_view name);
std::optional<VehicleClass> vehicle_class_from(std::string_view name);

/// The messages `analysis` and `alert` of docs/http-api.md. Keys keep the documented order; numbers
/// are rounded to what their measurement can carry; what is unknown or not finite is null.
nlohmann::ordered_json to_json(const Analysis& analysis);
nlohmann::ordered_json to_json(const Alert& alert);

/// As text. Never throws for bytes that aren't UTF-8, which a camera's error message may hold.
std::string dump(const nlohmann::ordered_json& json);

/// Reads an alert that to_json() wrote; writing it again gives the same JSON. Throws
/// std::runtime_error when it is something else.
Alert alert_from_json(const nlohmann::json& json);

}  // namespace rearview
