#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "types/analysis.h"
#include "types/camera_status.h"

namespace rearview {

/// What is known of the road behind one camera at one moment.
struct RoadReport {
  std::string camera;
  CameraState state = CameraState::connecting;
  AnalysisState analysis = AnalysisState::ok;
  Road road = Road::no_signal;  ///< no_signal, when nothing fresh says anything better
  std::string text;  ///< why the camera isn't live or the analysis doesn't work; else empty
  std::uint64_t pictures = 0;  ///< overlay pictures given to viewers
  /// The greatest threat among the vehicles, and how many there are; nullopt while nobody can know.
  std::optional<int> threat;
  std::optional<int> vehicles;
  std::uint64_t passes = 0;  ///< vehicles that have passed since the start, the close ones too
  std::uint64_t close_passes = 0;  ///< since the start
};

/// The sign of life that every subscriber gets, with the state of every road.
struct Heartbeat {
  WallTime time;
  std::uint64_t newest_alert_id = 0;
  std::optional<std::string> store_problem;  ///< why alerts aren't kept now
  std::vector<RoadReport> cameras;           ///< in the order of the configuration
};

using HeartbeatPtr = std::shared_ptr<const Heartbeat>;

}  // namespace rearview
