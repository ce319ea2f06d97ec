#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "types/analysis.h"
#include "types/camera_status.h"
#include "types/heartbeat.h"

namespace rearview {

/// A camera's status with what the service itself knows of it.
struct CameraView {
  CameraStatus status;
  std::size_t viewers = 0;                ///< of the overlay
  std::size_t video_viewers = 0;          ///< of the original video
  std::uint64_t video_units_skipped = 0;  ///< access units that slow ones of these missed
  std::uint64_t pictures = 0;
  /// Since the newest analysis was published; nullopt before the first.
  std::optional<double> analysis_age_s;
  bool analysis_stale = true;  ///< too old, or none: says nothing about the road
  int threat = 0;              ///< the greatest of the newest analysis
  int vehicles = 0;            ///< in the newest analysis
  std::uint64_t passes = 0;    ///< since the start, the close ones too
  std::uint64_t close_passes = 0;
};

/// One element of GET /api/v1/cameras. Passwords in the address are left out.
nlohmann::ordered_json to_json(const CameraView& camera);

/// What the heartbeat says of one camera.
RoadReport road_report(const CameraView& camera);

/// Why a camera's analysis doesn't work, in words; empty when it does.
std::string analysis_problem(const CameraView& camera);
/// Why a camera isn't ready, analysis included; empty when it is.
std::string camera_problem(const CameraView& camera);

/// What is known of the road: no_signal, when nothing fresh says anything better.
Road road_of(const CameraView& camera);

}  // namespace rearview
