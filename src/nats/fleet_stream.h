#pragma once

#include "nats/nats_link.h"

namespace rearview {

/// What a fleet's gateways tell stands in this stream, on subjects rearview.GATEWAY.KIND.
inline constexpr const char* kFleetStream = "REARVIEW";
inline constexpr const char* kFleetSubjects = "rearview.>";

/// Of a stream that is still to be made.
struct FleetStreamLimits {
  int max_age_d = 30;             ///< older messages go
  int duplicate_window_s = 7200;  ///< within it a message of the same id is taken once
  int replicas = 1;               ///< servers that keep it
};

/// Makes the stream where there is none. Throws UsageError as NatsLink::have_stream().
void have_fleet_stream(const NatsLink& link, const FleetStreamLimits& limits);

}  // namespace rearview
