#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "types/enumerations.h"
#include "types/field.h"
#include "types/position.h"

namespace rearview {

/// Milliseconds; decode: first byte received to decoded, analyse: all stages, total: received to
/// published.
struct Latency {
  double decode_ms = 0;
  double analyse_ms = 0;
  double total_ms = 0;
};

/// What made an alert, so that it can be argued with.
struct AlertReason {
  double growth_per_s = 0;
  double bearing_deg_per_s = 0;
  int confirmed_frames = 0;
};

/// The vehicle that an alert is of.
struct AlertVehicle {
  int track_id = 0;
  VehicleClass vehicle_class = VehicleClass::vehicle;
  cv::Rect2f box;  ///< pixels of the frame as received
  std::optional<double> distance_m;
  std::optional<double> closing_mps;
  Side side = Side::unknown;
  std::optional<double> lateral_m;  ///< as Track's
};

/// vehicle_approaching, fast_approach.
struct AlertApproach : AlertVehicle {
  std::optional<double> ttc_s;
  std::optional<double> probability;  ///< of the claim that it makes, 0..1
  std::optional<Explanation> rival;   ///< the likeliest one under which the claim is wrong
  std::optional<AlertReason> reason;
};

/// overtake, close_pass.
struct AlertPass : AlertVehicle {
  double pass_t_s = 0;  ///< stream time of the pass
};

/// camera_lost, view_blocked.
struct AlertBlindness {
  double blind_s = 0;  ///< for how long nobody had seen the road
};

struct Alert {
  std::uint64_t id = 0;  ///< given by the store, strictly increasing, never reused
  std::string camera;    ///< empty for store_failed and store_back
  WallTime time;
  double t_s = 0;
  AlertKind kind = AlertKind::vehicle_approaching;
  AlertLevel level = AlertLevel::info;
  std::string text;                       ///< why, in words, where the kind doesn't say it
  std::optional<Position> position;       ///< of the rider; null when nobody knows it now
  std::optional<double> rider_speed_mps;  ///< likewise
  std::uint32_t epoch = 0;
  std::uint64_t frame_seq = 0;
  Latency latency;
  /// What only alerts of its kind have.
  std::variant<std::monostate, AlertApproach, AlertPass, AlertBlindness> about;

  /// Null where the alert is of no vehicle.
  const AlertVehicle* vehicle() const { return held_in<AlertVehicle>(about); }
};

/// What the store has of an alert.
struct Keeping {
  bool locked = false;  ///< stays until somebody unlocks it
  bool has_snapshot = false;
  bool has_clip = false;
  std::optional<std::uint64_t> ride;
  std::optional<Mark> mark;  ///< the rider's
};

/// An alert as the store gives it out.
struct KeptAlert : Alert {
  Keeping keeping;
  /// The alert's own JSON, made once and lent to whoever sends or stores it.
  std::shared_ptr<const std::string> json;
};

using AlertPtr = std::shared_ptr<const KeptAlert>;

}  // namespace rearview
