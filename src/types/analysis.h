#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core/types.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "types/alert.h"
#include "types/enumerations.h"

namespace rearview {

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

/// How much of its work a detector does that keeps pace with the machine.
struct DetectorPace {
  int every = 1;      ///< looks at every n-th picture that is analysed
  cv::Size input_px;  ///< of the network
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
  /// As an alert's, of this picture; for the evaluation, not told.
  std::optional<double> probability;
  std::optional<double> ttc_s;
  std::optional<double> ttc_sigma_s;
  std::optional<double> distance_m;
  std::optional<double> closing_mps;
  std::optional<Trend> trend;
  Side side = Side::unknown;
  std::optional<double> lateral_m;  ///< positive to the side named; null when not known
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
  std::optional<DetectorPace> pace;  ///< where a detector chooses its own
  std::vector<Track> tracks;
  std::vector<Alert> alerts;  ///< raised by this frame
  Latency latency;
  std::vector<double>
      stages_ms;  ///< how long each stage took, in their order; empty where one failed

  /// Null until somebody has measured it.
  std::optional<ViewGeometry> measured_view() const {
    return view && view->focal_px > 0 ? view : std::nullopt;
  }
};

/// Of all tracks; 0 without one.
int greatest_threat(const Analysis& analysis);

/// Whether the road is seen at all and has been judged: only then does it mean anything that nobody
/// is on it.
bool is_seen(Road road, AnalysisState state);

using AnalysisPtr = std::shared_ptr<const Analysis>;

}  // namespace rearview
