#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "analyse/approach/camera_height.h"
#include "analyse/approach/vehicle_state.h"
#include "analyse/common/scale_gauge.h"
#include "analyse/stage.h"

namespace rearview {

/// From tracks to words: for each track growth, time to contact with its doubt, distance, side and
/// motion; threats through three gates (growth, path, confirmation: after arXiv 2606.23699);
/// alerts, each once per vehicle; and the state of the road. A vehicle keeps the number of its
/// first track when another track goes on with it. Completes Analysis::view by how the camera sits.
/// After a start, a reset or a blind view the road is unknown until it has looked for as long as
/// the slowest of its confirmations takes. Works on tracks of any detector; uses stream time only,
/// never the number of frames alone, so drops and jitter don't matter.
class ApproachStage : public Stage {
 public:
  /// "approach". Keys: those of ApproachConfig.
  static const StageType kType;

  explicit ApproachStage(const ApproachConfig& config)
      : config_(config), height_(config.camera_height_m) {}

  const StageType& type() const override { return kType; }
  void process(const Frame& frame, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  std::optional<Estimate> growth_of(const VehicleState& vehicle, const Track& track,
                                    const Analysis& analysis) const;
  VehicleState& state_of(const Track& track, const Analysis& analysis);
  ViewGeometry view_of(const Frame& frame, const Analysis& analysis) const;
  void judge_road(Analysis& analysis);
  double slowest_confirmation_s() const;
  void judge(VehicleState& vehicle, const Track& track, Analysis& analysis);
  static void came_back(VehicleState& vehicle);
  void gone(VehicleState& vehicle, double out_s, Analysis& analysis);
  bool explained(const VehicleState& vehicle) const;
  bool hidden(const VehicleState& vehicle) const;
  /// The one that the rider has been told of and whose box it shares, if any; told: of what.
  const VehicleState* same_as_told(const VehicleState& vehicle, bool VehicleState::*told) const;
  bool pass_is_told(const VehicleState& vehicle, double out_s) const;
  static AlertVehicle told_of(const VehicleState& vehicle);
  static Alert warning_of(const VehicleState& vehicle, AlertKind kind, AlertLevel level);

  ApproachConfig config_;
  CameraHeight height_;  ///< outlives reset(): the mount is the same
  ScaleGauge gauge_;
  std::vector<VehicleState> vehicles_;  ///< those with a track, and those just lost
  /// An alert stands that no all_clear has taken back. Outlives reset(): a warning ends by a
  /// judgement, never because a connection did.
  bool warned_ = false;
  std::optional<double>
      looked_since_s_;  ///< without a break; absent while the picture shows nothing
  int looks_ = 0;       ///< pictures since then
  std::optional<double> quiet_since_s_;
};

}  // namespace rearview
