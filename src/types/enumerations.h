#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace rearview {

/// The names of an enumeration, which are those of its enumerators, in their order: what JSON, the
/// store and the documents call them. Whatever lists an enumeration lists this.
template <typename E>
inline constexpr std::nullptr_t kNames = nullptr;

enum class VehicleClass { car, van, bus, truck, motorcycle, bicycle, vehicle };
template <>
inline constexpr auto kNames<VehicleClass> = std::to_array<std::string_view>(
    {"car", "van", "bus", "truck", "motorcycle", "bicycle", "vehicle"});

enum class Motion { approaching, holding, receding, unknown };
template <>
inline constexpr auto kNames<Motion> = std::to_array<std::string_view>({"approaching", "holding",
                                                                        "receding", "unknown"});

enum class Trend { braking, steady, accelerating };
template <>
inline constexpr auto kNames<Trend> = std::to_array<std::string_view>({"braking", "steady",
                                                                       "accelerating"});

/// Where the vehicle passes or would pass, seen in the picture: `left` is the left half of the
/// rear camera's picture, which is the rider's right when facing forwards.
enum class Side { left, right, behind, unknown };
template <>
inline constexpr auto kNames<Side> = std::to_array<std::string_view>({"left", "right", "behind",
                                                                      "unknown"});

enum class AnalysisState { ok, degraded, failed };
template <>
inline constexpr auto kNames<AnalysisState> = std::to_array<std::string_view>({"ok", "degraded",
                                                                               "failed"});

/// unknown: nobody has judged it yet, as after a start, a reconnection or a failure; the others
/// ordered by how much they ask of the rider. `clear` is only ever written by the stage that has
/// looked.
enum class Road { unknown, clear, following, approaching, danger, blind, no_signal };
template <>
inline constexpr auto kNames<Road> = std::to_array<std::string_view>(
    {"unknown", "clear", "following", "approaching", "danger", "blind", "no_signal"});

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
template <>
inline constexpr auto kNames<AlertKind> = std::to_array<std::string_view>(
    {"vehicle_approaching", "fast_approach", "overtake", "close_pass", "all_clear", "camera_lost",
     "camera_back", "view_blocked", "store_failed", "store_back"});

enum class AlertLevel { info, warning, danger };
template <>
inline constexpr auto kNames<AlertLevel> = std::to_array<std::string_view>({"info", "warning",
                                                                            "danger"});

/// What the rider says afterwards of an alert: right, but too late, is `late`.
enum class Mark { right, wrong, late };
template <>
inline constexpr auto kNames<Mark> = std::to_array<std::string_view>({"right", "wrong", "late"});

/// Of a missed moment: none and none will come, being recorded, there.
enum class ClipState { none, coming, kept };
template <>
inline constexpr auto kNames<ClipState> = std::to_array<std::string_view>({"none", "coming",
                                                                           "kept"});

/// connecting: no picture yet on this connection or no connection; live: pictures arrive;
/// stalled: connected, but none for the stall time; blind: pictures arrive, but show nothing;
/// failed: analysis doesn't work.
enum class CameraState { connecting, live, stalled, blind, failed };
template <>
inline constexpr auto kNames<CameraState> =
    std::to_array<std::string_view>({"connecting", "live", "stalled", "blind", "failed"});

template <typename E>
concept Named = !std::is_null_pointer_v<decltype(kNames<E>)>;

template <Named E>
constexpr std::string_view name(E value) {
  return kNames<E>.at(static_cast<std::size_t>(value));
}

/// nullopt: none is called so.
template <Named E>
constexpr std::optional<E> from_name(std::string_view text) {
  const auto found = std::find(kNames<E>.begin(), kNames<E>.end(), text);
  if (found == kNames<E>.end()) return std::nullopt;
  return static_cast<E>(found - kNames<E>.begin());
}

/// All values, in their order.
template <Named E>
constexpr auto values() {
  std::array<E, kNames<E>.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<E>(i);
  return all;
}

}  // namespace rearview
