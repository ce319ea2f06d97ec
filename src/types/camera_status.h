#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "types/analysis.h"

namespace rearview {

/// At the same time. Each has a place, a number below this that it keeps while it is there; the
/// places of those that have gone are given to others.
constexpr std::size_t kMostCameras = 8;

struct Percentiles {
  double p50_ms = 0;
  double p95_ms = 0;
};

/// How one camera is doing. A copy, taken at one moment.
struct CameraStatus {
  std::string name;
  std::string url;
  CameraState state = CameraState::connecting;
  std::string text;  ///< why it isn't live; else empty
  AnalysisState analysis = AnalysisState::ok;
  Road road = Road::no_signal;
  int width_px = 0;
  int height_px = 0;
  double fps_in = 0;                 ///< decoded per second, over the last seconds
  double fps_analysed = 0;           ///< likewise
  std::optional<DetectorPace> pace;  ///< where a detector chooses its own
  std::uint64_t connections = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t frames_decoded = 0;
  std::uint64_t frames_analysed = 0;
  std::uint64_t pictures_encoded = 0;
  /// What was lost, by reason (a metric label: lower case, underscores), all since the start.
  std::vector<std::pair<std::string, std::uint64_t>> drops;
  Percentiles decode;   ///< first byte received to decoded
  Percentiles analyse;  ///< all stages
  Percentiles total;    ///< first byte received to analysis published
  /// Of each stage, in their order; names as in StageChain::names().
  std::vector<std::pair<std::string, Percentiles>> stages;
  double frame_age_s =
      0;  ///< since the newest frame was received; since the start before the first
};

}  // namespace rearview
