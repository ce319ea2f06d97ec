#include "types/json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "types/message_fields.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
constexpr bool is_list = false;
template <typename T>
constexpr bool is_list<std::vector<T>> = true;
template <typename T>
constexpr bool is_optional = false;
template <typename T>
constexpr bool is_optional<std::optional<T>> = true;

Json rounded(double value, int decimals) {
  if (!std::isfinite(value)) return nullptr;
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale + 0.0;  // + 0.0 turns -0 into 0
}

template <Described T>
void write(Json& json, const T& message);

template <typename T>
Json json_of(const T& value, int decimals) {
  if constexpr (is_optional<T>) {
    return value ? json_of(*value, decimals) : Json(nullptr);
  } else if constexpr (is_list<T>) {
    Json list = Json::array();
    for (const auto& one : value) list.push_back(json_of(one, decimals));
    return list;
  } else if constexpr (Described<T>) {
    Json json = Json::object();
    write(json, value);
    return json;
  } else if constexpr (Named<T>) {
    return name(value);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return rfc3339(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return rounded(static_cast<double>(value), decimals);
  } else {
    return value;
  }
}

/// Adds the fields to what is there.
template <Described T>
void write(Json& json, const T& message) {
  if (!kType<T>.empty()) json["type"] = kType<T>;
  for_each_field<T>([&](const auto& field) {
    const auto value = field.in(message);
    Json found = value ? json_of(*value, field.rules.decimals) : Json(nullptr);
    const bool nothing = found.is_null() || found == "";
    if (field.key.empty() || (field.rules.left_out && nothing)) return;
    if (found.is_null() && !field.rules.otherwise.empty()) found = field.rules.otherwise;
    json[std::string(field.key)] = std::move(found);
  });
}

template <Described T>
Json object_of(const T& message) {
  return json_of(message, 0);
}

template <Described T>
void read(const nlohmann::json& json, T& message);

template <typename T>
void read_value(const nlohmann::json& json, T& value) {
  if constexpr (is_optional<T>) {
    value.reset();
    if (!json.is_null()) read_value(json, value.emplace());
  } else if constexpr (Described<T>) {
    read(json, value);
  } else if constexpr (Named<T>) {
    value = from_name<T>(json.get<std::string>()).value();
  } else if constexpr (std::is_same_v<T, WallTime>) {
    value = parse_rfc3339(json.get<std::string>()).value();
  } else {
    json.get_to(value);
  }
}

/// What is left out, or may be null, may be missing: what an older version wrote.
template <Described T>
void read(const nlohmann::json& json, T& message) {
  for_each_field<T>([&](const auto& field) {
    const auto target = field.in(message);
    if constexpr (std::is_pointer_v<std::remove_const_t<decltype(target)>>) {
      if (!target) return;
      const auto found = json.find(field.key);
      const bool may_miss =
          field.rules.left_out || is_optional<std::remove_cvref_t<decltype(*target)>>;
      if (found != json.end() || !may_miss) read_value(json.at(std::string(field.key)), *target);
    }
  });
}

}  // namespace

Json to_json(const Analysis& analysis) {
  return object_of(analysis);
}
Json to_json(const Track& track) {
  return object_of(track);
}
Json to_json(const Alert& alert) {
  return object_of(alert);
}
Json to_json(const AlertUpdate& update) {
  return object_of(update);
}
Json to_json(const Ride& ride) {
  return object_of(ride);
}
Json to_json(const Pass& pass) {
  return object_of(pass);
}
Json to_json(const Missed& moment) {
  return object_of(moment);
}
Json to_json(const MissedUpdate& update) {
  return object_of(update);
}
Json to_json(const Heartbeat& heartbeat) {
  return object_of(heartbeat);
}

KeptAlert kept(Alert alert, const Keeping& keeping) {
  auto json = std::make_shared<const std::string>(dump(to_json(alert)));
  return {std::move(alert), keeping, std::move(json)};
}

std::string message_of(const KeptAlert& alert) {
  std::string json = *alert.json;
  json.back() = ',';
  return json + dump(object_of(alert.keeping)).substr(1);
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(dump(text)).get<std::string>();
}

Alert alert_from_json(const nlohmann::json& json) {
  try {
    Alert alert;
    if (!json.at("track_id").is_null()) {
      if (json.contains("pass_t_s"))
        alert.about = AlertPass();
      else
        alert.about = AlertApproach();
    } else if (json.contains("blind_s")) {
      alert.about = AlertBlindness();
    }
    read(json, alert);
    return alert;
  } catch (const std::exception& e) {  // of the JSON library, or an empty optional
    throw std::runtime_error(std::string("not an alert: ") + e.what());
  }
}

Track track_from_json(const nlohmann::json& json) {
  try {
    Track track;
    read(json, track);
    track.coasting = track.unseen_s > 0;
    return track;
  } catch (const std::exception& e) {
    throw std::runtime_error(std::string("not a track: ") + e.what());
  }
}

}  // namespace rearview
