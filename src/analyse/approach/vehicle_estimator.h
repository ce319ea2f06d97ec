#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "analyse/approach/vehicle_estimate.h"
#include "analyse/common/constant_velocity_filter.h"
#include "analyse/common/growth_filter.h"
#include "types/analysis.h"

namespace rearview {

/// One picture's look at a tracked vehicle.
struct VehicleSight {
  Track track;
  std::optional<double> box_score;  ///< of the detection that knows it for a vehicle, if any
  std::optional<Estimate> growth;   ///< per second, where somebody measured it
};

/// Estimates what one tracked vehicle does from its boxes and from measurements of its growth.
/// Knows no policy. One thread.
class VehicleEstimator {
 public:
  const VehicleEstimate& update(const VehicleSight& sight, const ViewGeometry& view, double t_s);
  const VehicleEstimate& estimate() const { return now_; }

  /// When and where it was seen before, for measuring its growth against: as long ago as up to
  /// most_s, and not so long that it was much smaller or larger.
  std::optional<std::pair<double, cv::Rect2f>> seen_before(double most_s) const;

 private:
  void predict(double dt_s);
  void see(const VehicleSight& sight, const ViewGeometry& view, double since_s);
  void see_size(const VehicleSight& sight, const ViewGeometry& view, double since_s);
  void see_edge(double offset_px, double sigma_px);
  void see_distance(const cv::Rect2f& box, const ViewGeometry& view);
  std::optional<BoxChange> box_change() const;
  std::optional<Trend> trend() const;
  Side side() const;

  VehicleEstimate now_;
  bool started_ = false;
  GrowthFilter growth_;
  std::optional<ConstantVelocityFilter> bearing_;  ///< its tangent
  double height_logs_ = 0;  ///< sum of the logarithms of the camera's height by each picture
  int heights_ = 0;
  /// Logarithms of the distance of its inner edge from the vanishing point, while it is cut off.
  std::deque<std::pair<double, double>> edges_;
  std::optional<double> way_out_s_;  ///< when it is to be out of view, wherever its box is now
  std::deque<std::pair<double, Estimate>> history_;  ///< growth of the last second and a half
  std::deque<std::pair<double, cv::Rect2f>> boxes_;  ///< supported ones of the last moments
};

}  // namespace rearview
