#pragma once

#include <deque>
#include <optional>

#include "analyse/approach/approach_config.h"
#include "analyse/common/growth_filter.h"
#include "types/analysis.h"

namespace rearview {

/// What one tracked vehicle does, estimated from its boxes and from what detectors say of its
/// growth. One thread.
class VehicleState {
 public:
  VehicleState(int id, int track_id) : id_(id), track_id_(track_id) {}

  /// Before update(): the score of this frame's detection that knows it for a vehicle, if any.
  void see_box(const std::optional<double>& score, double t_s);
  /// One frame's look. growth: of the detection behind the track, where its detector measures it.
  void update(const Track& track, const std::optional<Estimate>& growth, const ViewGeometry& view,
              double t_s);
  /// What its pictures so far say of the camera's height above the road, once they suffice; told
  /// only once.
  std::optional<double> camera_height_m();
  /// Writes motion, time to contact, distance and so on into the track.
  void describe(Track& track) const;

  /// When and where it was seen before, for measuring its growth against: as long ago as up to
  /// most_s, and not so long that it was much smaller or larger.
  std::optional<std::pair<double, cv::Rect2f>> seen_before(double most_s) const;

  // -- the three gates -------------------------------------------------------------------------
  bool growth_gate(const ApproachConfig& config) const;
  /// Its growth was lately measured in the picture itself, not only by its boxes; or it came from
  /// behind and reaches the picture's edge, where that can't be.
  bool picture_grows() const;
  bool path_gate(const ApproachConfig& config) const;
  /// Its boxes of the last moments lie where its growth says, so they show one and the same thing.
  bool place_gate() const;
  bool fast(const ApproachConfig& config) const;
  /// Clearly no longer closing in.
  bool released(const ApproachConfig& config) const;

  /// A detector knows it for a vehicle; more than a guess now and then.
  bool named() const { return boxed_score_ > kNamedScore; }
  Estimate growth() const { return growth_.growth(); }
  std::optional<Estimate> ttc() const;
  const std::optional<Estimate>& distance() const { return distance_; }
  std::optional<double> closing_mps() const;
  /// Sideways distance as last seen whole, positive to the picture's right: on a path parallel to
  /// ours it is that of the pass.
  std::optional<Estimate> lateral() const;
  double bearing_rate_deg_per_s() const;
  Side side() const;
  Motion motion() const;
  /// When last seen it reached the left, right or lower edge of what the picture shows.
  bool leaving() const { return cut_left_ || cut_right_ || cut_bottom_; }
  /// When it was to be out of the picture, as it closed in when last seen; absent when it didn't,
  /// came straight from behind, or its box hasn't been carried on to the picture's side.
  std::optional<double> out_of_view_s() const { return at_side_ ? out_of_view_s_ : std::nullopt; }

  int id_ = 0;        ///< of the vehicle: the number of its first track, whatever tracks follow
  int track_id_ = 0;  ///< of the track that shows it now
  VehicleClass vehicle_class_ = VehicleClass::vehicle;
  cv::Rect2f box_;
  double seen_s_ = 0;       ///< when last supported by a detection
  double boxed_s_ = -1e9;   ///< when last by one that knows vehicles and draws boxes round them
  double boxed_score_ = 0;  ///< running mean of such detections' scores, 0 where there was none
  double updated_s_ = 0;
  double gate_since_s_ = 0;
  int gate_frames_ = 0;  ///< supported frames in a row that passed the gates
  int threat_ = 0;
  double weak_since_s_ = 0;  ///< since when the threat has been released; meaningful while weak_
  bool weak_ = false;
  bool alerted_ = false;
  bool fast_alerted_ = false;
  std::optional<int> told_as_;  ///< the vehicle it was taken for a part of when that was told
  bool passed_ = false;
  double passed_s_ = 0;       ///< when it was out of the picture; meaningful while passed_
  bool hidden_ = false;       ///< behind a nearer one: what is measured of it is partly the other's
  bool unseen_pass_ = false;  ///< it passed while nobody saw it, for all that is known

 private:
  static constexpr double kNamedScore = 0.2;
  void measure_distance(const Track& track, const ViewGeometry& view);
  std::optional<Trend> trend() const;
  bool boxes_grow() const;

  bool started_ = false;
  GrowthFilter growth_;
  LinearFilter bearing_;  ///< tangent of the bearing
  std::optional<Estimate> distance_;
  std::optional<Estimate> lateral_seen_;  ///< while it was seen whole
  double first_m_ = 0;                    ///< distance when it was first seen
  double height_logs_ = 0;  ///< sum of the logarithms of the camera's height by each picture
  int heights_ = 0;
  bool height_told_ = false;
  double measured_share_ = 0;     ///< of the last moments, in which its growth could be measured
  double out_of_view_share_ = 0;  ///< how far it is from the middle (0) to the picture's edge (1)
  std::deque<std::pair<double, Estimate>> history_;  ///< growth of the last second and a half
  std::deque<std::pair<double, cv::Rect2f>> boxes_;  ///< supported ones of the last moments
  bool cut_left_ = false;
  bool cut_right_ = false;
  bool cut_bottom_ = false;
  bool at_side_ = false;  ///< its box, seen or predicted, reaches the picture's left or right edge
  std::optional<double> out_of_view_s_;
};

}  // namespace rearview
