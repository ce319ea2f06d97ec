#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "analyse/approach/tuning.h"
#include "analyse/common/estimate.h"
#include "types/analysis.h"

namespace rearview {

/// How a vehicle's boxes changed over the last moments, logarithms of their sides.
struct BoxChange {
  double span_s = 0;  ///< kPlaceSpan_s at most
  double width = 0;
  double height = 0;
  /// The boxes' growth per second by regression; absent while they span less than kSlopeSpan_s.
  std::optional<double> slope_per_s;
};

/// What one vehicle does as far as its pictures told, each number with its doubt. No judgement:
/// what it means for the rider is for the gates (analyse/approach/gates.h).
struct VehicleEstimate {
  double t_s = 0;         ///< of this estimate
  double seen_s = 0;      ///< when last supported by a detection
  double boxed_s = -1e9;  ///< when last by one that knows vehicles and draws boxes round them
  VehicleClass vehicle_class = VehicleClass::vehicle;
  cv::Rect2f box;
  double box_score = 0;  ///< running mean of such detections' scores, 0 where there was none

  Estimate growth;                ///< 1 / time to contact, per second
  std::optional<Estimate> ttc_s;  ///< absent unless it comes closer beyond doubt
  std::optional<Estimate> distance_m;
  double first_m = 0;  ///< distance when it was first seen, 0 where that isn't known
  std::optional<Estimate> closing_mps;  ///< absent where the growth is too unsure
  /// Sideways as last seen whole, positive to the picture's right: on a path parallel to ours it is
  /// that of the pass. Not carried on by the bearing's rate, which tells worse where it will be.
  std::optional<Estimate> lateral_m;
  std::optional<Estimate> bearing;       ///< its tangent
  std::optional<Estimate> bearing_rate;  ///< of the tangent, per second
  Motion motion = Motion::unknown;
  std::optional<Trend> trend;
  Side side = Side::unknown;

  /// Share of the last moments in which its growth was measured in the picture.
  double measured_share = 0;
  std::optional<BoxChange> boxes;
  /// How the distance of its inner edge from the vanishing point grows per second, as a share; only
  /// while the picture's left or right edge cuts it off, and it has done so for a moment.
  std::optional<Estimate> edge_growth;
  bool cut_left = false;  ///< when last seen it reached that edge of what the picture shows
  bool cut_right = false;
  bool cut_bottom = false;
  double way_out = 0;  ///< how far it is from the middle (0) to the picture's edge (1)
  /// When it was to be out of the picture, as it closed in when last seen; absent when it didn't,
  /// came straight from behind, or its box hasn't been carried on to the picture's side.
  std::optional<double> out_of_view_s;
  /// What its pictures say of the camera's height above the road; only in the estimate in which
  /// they first suffice.
  std::optional<double> camera_height_m;

  bool leaving() const { return cut_left || cut_right || cut_bottom; }
  /// A detector knows it for a vehicle; more than a guess now and then.
  bool known() const { return box_score > approach_tuning::kKnownScore; }
  double bearing_rate_deg_per_s() const;
};

/// Its lateral distance as tracks and alerts tell it: to the side named; absent where unsure.
std::optional<double> told_lateral_m(const VehicleEstimate& estimate);

}  // namespace rearview
