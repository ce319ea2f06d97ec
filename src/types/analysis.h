#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core/types.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "types/position.h"

namespace rearview {

// The names that JSON carries are those of the enumerators, underscores included.
enum class VehicleClass { car, van, bus, truck, motorcycle, bicycle, vehicle };
enum class Motion { approaching, holding, receding, unknown };
enum class Trend { braking, steady, accelerating };
/// Where the vehicle passes or would pass, seen in the picture: `left` is the left half of the
/// rear camera's picture, which is the rider's right when facing forwards.
enum class Side { left, right, behind, unknown };
enum class AnalysisState { ok, degraded, failed };
/// unknown: nobody has judged it yet, as after a start, a reconnection or a failure; the others
/// ordered by how much they ask of the rider. `clear` is only ever written by the stage that has
/// looked.
enum class Road { unknown, clear, following, approaching, danger, blind, no_signal };
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
enum class AlertLevel { info, warning, danger };

/// Boxes are pixels of the frame as received: x, y of the top left corner, width, height.
struct Detection {
  cv::Rect2f box;
  float score = 0;  ///< 0..1
  VehicleClass vehicle_class = VehicleClass::vehicle;
  std::string_view detector;  ///< name of the stage that found it; static storage
  /// Relative growth of the picture's scale per second (1/time to contact), where the detector
  /// measures it itself.
  std::optional<double> growth_per_s;
  std::optional<double> growth_sigma_per_s;  ///< one standard deviation; only with growth_per_s
};

/// How the camera looks at the road, as far as the pictures told. Pixels of the frame as received.
struct ViewGeometry {
  cv::Rect2f shown;       ///< the part that shows something: without black bars
  cv::Point2f vanishing;  ///< where the way behind vanishes in this frame, shake included; its row
                          ///< is the horizon
  double vanishing_sigma_px = 0;          ///< one standard deviation; 0 where the horizon was set
  double focal_px = 0;                    ///< 0: nobody has measured the view yet
  double pitch_deg = 0;                   ///< of the camera, upwards positive
  std::optional<double> camera_height_m;  ///< above the road
  std::optional<double> camera_height_sigma_m;  ///< one standard deviation; 0 where it was set
};

struct Track {
  int id = 0;
  VehicleClass vehicle_class = VehicleClass::vehicle;
  float score = 0;
  cv::Rect2f box;
  int detections = 0;     ///< frames in which a detection supported it
  bool coasting = false;  ///< predicted only: no detection in this frame
  double unseen_s = 0;    ///< how long it has been coasting; 0: seen in this frame
  Motion motion = Motion::unknown;
  int threat = 0;  ///< 0, 1 approaching, 2 fast approach
  std::optional<double> ttc_s;
  std::optional<double> ttc_sigma_s;
  std::optional<double> distance_m;
  std::optional<double> closing_mps;
  std::optional<Trend> trend;
  Side side = Side::unknown;
  std::optional<double> lateral_m;  ///< positive to the side named; null when not known
};

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

/// What the store has of an alert.
struct Keeping {
  bool locked = false;  ///< stays until somebody unlocks it
  bool has_snapshot = false;
  bool has_clip = false;
  std::optional<std::uint64_t> ride;
};

struct Alert {
  std::uint64_t id = 0;  ///< given by the store, strictly increasing, never reused
  std::string camera;    ///< empty for store_failed and store_back
  WallTime time;
  double t_s = 0;
  AlertKind kind = AlertKind::vehicle_approaching;
  AlertLevel level = AlertLevel::info;
  std::optional<int> track_id;  ///< absent where the alert is of no vehicle
  VehicleClass vehicle_class = VehicleClass::vehicle;
  cv::Rect2f box;
  std::optional<double> ttc_s;
  std::optional<double> distance_m;
  std::optional<double> closing_mps;
  Side side = Side::unknown;
  std::optional<double> lateral_m;
  std::optional<Position> position;       ///< of the rider; null when nobody knows it now
  std::optional<double> rider_speed_mps;  ///< likewise
  std::optional<double> pass_t_s;         ///< overtake and close_pass: stream time of the pass
  std::optional<AlertReason> reason;
  std::optional<double> blind_s;  ///< camera_lost, view_blocked: since when nobody saw the road
  std::string text;               ///< camera_lost, view_blocked, store_failed: why, in words
  std::uint32_t epoch = 0;
  std::uint64_t frame_seq = 0;
  Latency latency;
  std::optional<Keeping> keeping;  ///< only of an alert that the store gave out
};

/// What is known of the road after one frame, or, with road no_signal, without one. Shared and
/// immutable once published.
struct Analysis {
  std::string camera;
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0;
  WallTime time;
  double t_s = 0;
  AnalysisState state = AnalysisState::ok;
  Road road = Road::unknown;
  std::string text;  ///< why state is not ok, or the road blind or without signal; else empty
  std::optional<ViewGeometry> view;
  std::vector<Detection> detections;
  /// A detector passed over this frame, as its cadence says: what it would have found isn't known.
  bool detector_rested = false;
  std::vector<Track> tracks;
  std::vector<Alert> alerts;  ///< raised by this frame
  Latency latency;
  std::vector<double>
      stages_ms;  ///< how long each stage took, in their order; empty where one failed
};

/// Of all tracks; 0 without one.
int greatest_threat(const Analysis& analysis);

/// Whether the road is seen at all and has been judged: only then does it mean anything that nobody
/// is on it.
bool is_seen(Road road, AnalysisState state);

using AnalysisPtr = std::shared_ptr<const Analysis>;

}  // namespace rearview
