#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "analyse/approach/approach_config.h"
#include "analyse/approach/camera_height.h"
#include "analyse/approach/encounter.h"
#include "analyse/approach/rivals.h"
#include "analyse/approach/road_judge.h"
#include "analyse/approach/vehicle_estimator.h"
#include "analyse/common/picture_history.h"
#include "analyse/stage.h"

namespace rearview {

/// From tracks to words, each question in its own place: what a vehicle does (VehicleEstimator),
/// what else its pictures may come from (Rivals), whether that matters (gates.h: growth, claim,
/// confirmation, after arXiv 2606.23699), what the rider is told of it (Encounter), and what the
/// road is (RoadJudge). This stage joins them: it measures growth in the picture, knows which track
/// is which vehicle and what vehicles have to do with each other. A vehicle keeps the number of its
/// first track when another track goes on with it. Completes Analysis::view by how the camera sits.
/// Works on tracks of any detector; uses stream time only, never the number of frames alone, so
/// drops and jitter don't matter.
class ApproachStage : public Stage {
 public:
  /// "approach". Keys: those of ApproachConfig.
  static const StageType kType;

  explicit ApproachStage(const ApproachConfig& config)
      : config_(config), height_(config.camera_height_m), road_(config) {}

  const StageType& type() const override { return kType; }
  void process(const FrameContext& context, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  struct Vehicle {
    Vehicle(int number, int of_track) : id(number), track_id(of_track), encounter(number) {}
    const VehicleEstimate& estimate() const { return estimator.estimate(); }

    int id;        ///< the number of its first track, whatever tracks follow
    int track_id;  ///< of the track that shows it now, or did last
    VehicleEstimator estimator;
    Rivals rivals;
    Encounter encounter;
  };

  ViewGeometry view_of(const Frame& frame, const Analysis& analysis) const;
  Vehicle& vehicle_of(const Track& track, const Analysis& analysis);
  Vehicle* lost_vehicle_of(const Track& track, const Analysis& analysis);
  std::optional<Estimate> growth_of(const Vehicle& vehicle, const Track& track, bool boxed,
                                    const PictureHistory& pictures, const Analysis& analysis) const;
  Verdict verdict_of(const Vehicle& vehicle, const Track& track) const;
  Encounter::Told told_of(const Vehicle& vehicle) const;
  void see(Track& track, const ViewGeometry& view, const PictureHistory& pictures,
           Analysis& analysis);
  void look_for_passes(Analysis& analysis);
  void forget(double t_s);

  ApproachConfig config_;
  CameraHeight height_;  ///< outlives reset(): the mount is the same
  RoadJudge road_;
  std::vector<Vehicle> vehicles_;  ///< those with a track, and those just lost
};

}  // namespace rearview
