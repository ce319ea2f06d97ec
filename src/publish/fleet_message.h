#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "publish/fleet_privacy.h"
#include "types/event_archive.h"
#include "types/heartbeat.h"

namespace rearview {

/// Who tells a fleet's stream something.
struct Gateway {
  std::string name;   ///< in subjects
  std::string uuid;   ///< never another one's
  std::string epoch;  ///< of the store that numbers belong to
};

/// What is sent to NATS (docs/publish.md).
struct FleetMessage {
  std::string subject;
  std::string id;       ///< one that comes again is the same message; empty: none
  bool newest = false;  ///< takes the place of those before it
  std::string body;
};

/// The name that is configured, else the host's with what a subject doesn't take replaced.
std::string gateway_name(const std::string& configured);
/// Of the store's folder: made with the first call, the same ever since. Without a folder a new
/// one. Throws std::runtime_error when the disk doesn't take it.
std::string gateway_uuid(const std::filesystem::path& folder);

// None holds a position that may not leave.
FleetMessage fleet_message(const Gateway& gateway, const FleetPrivacy& privacy,
                           const KeptAlert& alert);
FleetMessage fleet_message(const Gateway& gateway, const FleetPrivacy& privacy, const Pass& pass);
/// track: as far as it may be shown.
FleetMessage fleet_message(const Gateway& gateway, const Ride& ride,
                           const std::vector<TrackPoint>& track);

/// What a gateway says of itself, beside its heartbeat.
struct GatewayState {
  std::string status;               ///< "online", "offline"
  std::uint64_t alerts_behind = 0;  ///< that the stream has not acknowledged
};
FleetMessage fleet_message(const Gateway& gateway, const Heartbeat& heartbeat,
                           const GatewayState& state);

}  // namespace rearview
