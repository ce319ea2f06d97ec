#include "publish/fleet_message.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <utility>

#include "base/build_info.h"
#include "base/whole_file.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kUuidLength = 36;

/// Of random numbers: version 4 of RFC 9562.
std::string random_uuid() {
  std::random_device random;
  const std::uint32_t a = random();
  const std::uint32_t b = random();
  const std::uint32_t c = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", a, b >> 16, b & 0xfff,
                     0x8000 | (c >> 18), c & 0xffff, static_cast<std::uint32_t>(random()));
}

Json envelope(const Gateway& gateway, const char* type) {
  return {{"version", 1},
          {"type", type},
          {"gateway", gateway.name},
          {"uuid", gateway.uuid},
          {"epoch", gateway.epoch}};
}

FleetMessage numbered(const Gateway& gateway, const char* type, const char* among, std::uint64_t id,
                      Json message, Json track = nullptr) {
  Json json = envelope(gateway, type);
  json["id"] = id;
  json[type] = std::move(message);
  if (!track.is_null()) json["track"] = std::move(track);
  return {.subject = fmt::format("rearview.{}.{}", gateway.name, type),
          .id = fmt::format("{}/{}/{}{}", gateway.uuid, gateway.epoch, among, id),
          .body = dump(json)};
}

/// In the words that to_json() has for it.
void show_position(Json& message, const FleetPrivacy& privacy,
                   const std::optional<Position>& position) {
  if (!position) return;
  Alert carrier;
  carrier.position = privacy.shown(*position);
  message["position"] = to_json(carrier).at("position");
}

}  // namespace

std::string gateway_name(const std::string& configured) {
  if (!configured.empty()) return configured;
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::string name = std::string(host.data()).substr(0, kLongestName);
  for (char& one : name) {
    if (!std::isalnum(static_cast<unsigned char>(one)) && one != '-' && one != '_') one = '-';
  }
  return name.empty() ? "gateway" : name;
}

std::string gateway_uuid(const std::filesystem::path& folder) {
  if (folder.empty()) return random_uuid();
  const std::filesystem::path file = folder / "gateway";
  std::string uuid;
  if (std::ifstream in(file); in && std::getline(in, uuid) && uuid.size() == kUuidLength)
    return uuid;
  uuid = random_uuid();
  write_whole(file, uuid + "\n");
  return uuid;
}

FleetMessage fleet_message(const Gateway& gateway, const FleetPrivacy& privacy,
                           const KeptAlert& alert) {
  Json message = Json::parse(message_of(alert));
  show_position(message, privacy, alert.position);
  return numbered(gateway, "alert", "", alert.id, std::move(message));
}

FleetMessage fleet_message(const Gateway& gateway, const FleetPrivacy& privacy, const Pass& pass) {
  Json message = to_json(pass);
  show_position(message, privacy, pass.position);
  return numbered(gateway, "pass", "pass/", pass.id, std::move(message));
}

FleetMessage fleet_message(const Gateway& gateway, const Ride& ride,
                           const std::vector<TrackPoint>& track) {
  Json points;
  for (const TrackPoint& point : track) {
    Alert carrier;
    carrier.position = point.position;
    carrier.rider_speed_mps = point.speed_mps;
    const Json rounded = to_json(carrier);
    points.push_back({{"t_s", point.t_s},
                      {"lat", rounded["position"]["lat"]},
                      {"lon", rounded["position"]["lon"]},
                      {"speed_mps", rounded["rider_speed_mps"]},
                      {"distance_m", std::round(point.distance_m)}});
  }
  return numbered(gateway, "ride", "ride/", ride.id, to_json(ride), std::move(points));
}

FleetMessage fleet_message(const Gateway& gateway, const Heartbeat& heartbeat,
                           const GatewayState& state) {
  const auto now = WallClock::now().time_since_epoch();
  Json message = to_json(heartbeat);
  message["status"] = state.status;
  message["version"] = version();
  message["alerts_behind"] = state.alerts_behind;
  message["time_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  Json json = envelope(gateway, "state");
  json["state"] = std::move(message);
  return {.subject = fmt::format("rearview.{}.state", gateway.name),
          .newest = true,
          .body = dump(json)};
}

}  // namespace rearview
