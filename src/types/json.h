#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "types/analysis.h"
#include "types/camera_status.h"
#include "types/event_archive.h"

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
std::optional<Side> side_from(std::string_view name);
std::optional<Road> road_from(std::string_view name);
std::optional<AnalysisState> analysis_state_from(std::string_view name);

/// The messages `analysis` and `alert` of docs/http-api.md. Keys keep the documented order; numbers
/// are rounded to what their measurement can carry; what is unknown or not finite is null.
nlohmann::ordered_json to_json(const Analysis& analysis);
nlohmann::ordered_json to_json(const Alert& alert);
/// One of `tracks` in an analysis.
nlohmann::ordered_json to_json(const Track& track);
/// The elements of /api/v1/rides and /api/v1/passes.
nlohmann::ordered_json to_json(const AlertUpdate& update);
nlohmann::ordered_json to_json(const Ride& ride);
nlohmann::ordered_json to_json(const Pass& pass);

/// As text. Never throws for bytes that aren't UTF-8, which a camera's error message may hold.
std::string dump(const nlohmann::ordered_json& json);

/// The text with U+FFFD in the place of what is no UTF-8.
std::string valid_utf8(const std::string& text);

/// Reads an alert that to_json() wrote, without what the store added; writing it again gives the
/// same JSON. Throws std::runtime_error when it is something else.
Alert alert_from_json(const nlohmann::json& json);
/// Reads a track that to_json() wrote. Throws std::runtime_error when it is something else.
Track track_from_json(const nlohmann::json& json);

}  // namespace rearview
