#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "types/analysis.h"
#include "types/event_archive.h"
#include "types/heartbeat.h"

namespace rearview {

// The messages of docs/http-api.md, as types/message_fields.h describes them. Keys keep the
// documented order; numbers are rounded to what their measurement can carry; what is unknown or not
// finite is null.
nlohmann::ordered_json to_json(const Analysis& analysis);
nlohmann::ordered_json to_json(const Track& track);
nlohmann::ordered_json to_json(const Alert& alert);
nlohmann::ordered_json to_json(const AlertUpdate& update);
nlohmann::ordered_json to_json(const Ride& ride);
nlohmann::ordered_json to_json(const Pass& pass);
nlohmann::ordered_json to_json(const Missed& moment);
nlohmann::ordered_json to_json(const MissedUpdate& update);
nlohmann::ordered_json to_json(const Heartbeat& heartbeat);

/// message_of() has what is kept of it, too.
nlohmann::ordered_json to_json(const KeptAlert& alert) = delete;

/// As text. Never throws for bytes that aren't UTF-8, which a camera's error message may hold.
std::string dump(const nlohmann::ordered_json& json);

template <typename T>
std::string message_of(const T& message) {
  return dump(to_json(message));
}
/// The alert's JSON, which isn't made again, and what is kept of it.
std::string message_of(const KeptAlert& alert);

/// The alert with its JSON.
KeptAlert kept(Alert alert, const Keeping& keeping);

/// The text with U+FFFD in the place of what is no UTF-8.
std::string valid_utf8(const std::string& text);

/// Reads an alert that to_json() wrote; writing it again gives the same JSON. Throws
/// std::runtime_error when it is something else.
Alert alert_from_json(const nlohmann::json& json);
/// Reads a track that to_json() wrote. Throws std::runtime_error when it is something else.
Track track_from_json(const nlohmann::json& json);

}  // namespace rearview
