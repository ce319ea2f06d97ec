#pragma once

#include <array>
#include <string_view>

#include "base/enumeration.h"

namespace rearview {

// The names are those of the enumerators.

enum class VehicleClass { car, van, bus, truck, motorcycle, bicycle, vehicle };
constexpr auto names_of(VehicleClass) {
  return std::to_array<std::string_view>(
      {"car", "van", "bus", "truck", "motorcycle", "bicycle", "vehicle"});
}

enum class Motion { approaching, holding, receding, unknown };
constexpr auto names_of(Motion) {
  return std::to_array<std::string_view>({"approaching", "holding", "receding", "unknown"});
}

enum class Trend { braking, steady, accelerating };
constexpr auto names_of(Trend) {
  return std::to_array<std::string_view>({"braking", "steady", "accelerating"});
}

/// Where the vehicle passes or would pass, seen in the picture: `left` is the left half of the
/// rear camera's picture, which is the rider's right when facing forwards.
enum class Side { left, right, behind, unknown };
constexpr auto names_of(Side) {
  return std::to_array<std::string_view>({"left", "right", "behind", "unknown"});
}

enum class AnalysisState { ok, degraded, failed };
constexpr auto names_of(AnalysisState) {
  return std::to_array<std::string_view>({"ok", "degraded", "failed"});
}

/// unknown: nobody has judged it yet, as after a start, a reconnection or a failure; the others
/// ordered by how much they ask of the rider. `clear` is only ever written by the stage that has
/// looked.
enum class Road { unknown, clear, following, approaching, danger, blind, no_signal };
constexpr auto names_of(Road) {
  return std::to_array<std::string_view>(
      {"unknown", "clear", "following", "approaching", "danger", "blind", "no_signal"});
}

enum class AlertKind {
  vehicle_approaching,
  fast_approach,
  overtake,
  close_pass,
  all_clear,
  camera_lost,
  camera_back,
  view_blocked,
  store_failed,
  store_back
};
constexpr auto names_of(AlertKind) {
  return std::to_array<std::string_view>({"vehicle_approaching", "fast_approach", "overtake",
                                          "close_pass", "all_clear", "camera_lost", "camera_back",
                                          "view_blocked", "store_failed", "store_back"});
}

/// What a track's pictures may come from: a vehicle that closes in on our path; one that closes in
/// but passes far beside, as on another road; one that goes along with us; one that falls back; a
/// thing that stands at the road; one that is fixed to the bicycle, or a spot on the lens; several
/// things in one box.
enum class Explanation {
  closing_in,
  closing_aside,
  going_along,
  falling_back,
  fixed_to_road,
  fixed_to_camera,
  several
};
constexpr auto names_of(Explanation) {
  return std::to_array<std::string_view>({"closing_in", "closing_aside", "going_along",
                                          "falling_back", "fixed_to_road", "fixed_to_camera",
                                          "several"});
}

enum class AlertLevel { info, warning, danger };
constexpr auto names_of(AlertLevel) {
  return std::to_array<std::string_view>({"info", "warning", "danger"});
}

/// What the rider says afterwards of an alert: right, but too late, is `late`.
enum class Mark { right, wrong, late };
constexpr auto names_of(Mark) {
  return std::to_array<std::string_view>({"right", "wrong", "late"});
}

/// Of a missed moment: none and none will come, being recorded, there.
enum class ClipState { none, coming, kept };
constexpr auto names_of(ClipState) {
  return std::to_array<std::string_view>({"none", "coming", "kept"});
}

/// connecting: no picture yet on this connection or no connection; live: pictures arrive;
/// stalled: connected, but none for the stall time; blind: pictures arrive, but show nothing;
/// failed: analysis doesn't work.
enum class CameraState { connecting, live, stalled, blind, failed };
constexpr auto names_of(CameraState) {
  return std::to_array<std::string_view>({"connecting", "live", "stalled", "blind", "failed"});
}

}  // namespace rearview
