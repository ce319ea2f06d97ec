#include "analyse/approach/approach_stage.h"

#include <algorithm>
#include <cmath>

#include "analyse/common/boxes.h"
#include "analyse/common/scale_gauge.h"

namespace rearview {
namespace {

using namespace approach_tuning;

// The detection that supports the track: of those that measure growth, or of those that don't.
const Detection* behind(const Track& track, const Analysis& analysis, bool measures_growth) {
  const Detection* best = nullptr;
  float most = kSupports;
  for (const Detection& detection : analysis.detections) {
    if (detection.growth_per_s.has_value() != measures_growth) continue;
    const float ratio = iou(track.box, detection.box);
    if (ratio > most) {
      most = ratio;
      best = &detection;
    }
  }
  return best;
}

bool has_track(const Analysis& analysis, int track_id) {
  return std::any_of(analysis.tracks.begin(), analysis.tracks.end(),
                     [track_id](const Track& track) { return track.id == track_id; });
}

void describe(const VehicleEstimate& estimate, const Encounter& encounter, Track& track) {
  track.threat = encounter.threat();
  track.motion = Motion::unknown;
  if (encounter.shows_motion()) {
    track.motion = estimate.motion;
    if (estimate.closing_mps) track.closing_mps = estimate.closing_mps->value;
    track.trend = estimate.trend;
    if (estimate.ttc_s) {
      track.ttc_s = estimate.ttc_s->value;
      track.ttc_sigma_s = estimate.ttc_s->sigma;
    }
  }
  if (estimate.distance_m) track.distance_m = estimate.distance_m->value;
  track.side = estimate.side;
  track.lateral_m = told_lateral_m(estimate);
}

}  // namespace

void ApproachStage::reset() noexcept {
  vehicles_.clear();
  road_.reset();
}

void ApproachStage::process(const FrameContext& context, Analysis& analysis) {
  const Frame& frame = context.frame;
  const ViewGeometry view = view_of(frame, analysis);
  analysis.view = view;
  if (config_.measure_in_picture) context.pictures.of(frame);
  for (Track& track : analysis.tracks) see(track, view, context.pictures, analysis);
  look_for_passes(analysis);
  for (Track& track : analysis.tracks) {
    const auto shown =
        std::find_if(vehicles_.begin(), vehicles_.end(),
                     [&track](const Vehicle& vehicle) { return vehicle.track_id == track.id; });
    track.id = shown->id;
  }
  // The tracker goes on with a vehicle for a while after nobody sees it. One that has passed is
  // not behind.
  std::erase_if(analysis.tracks, [this](const Track& track) {
    return track.coasting &&
           std::any_of(vehicles_.begin(), vehicles_.end(), [&track](const Vehicle& vehicle) {
             return vehicle.id == track.id && vehicle.encounter.state() == Encounter::State::passed;
           });
  });
  forget(analysis.t_s);
  int gravest = 0;
  bool followed = false;
  for (const Vehicle& vehicle : vehicles_) {
    gravest = std::max(gravest, vehicle.encounter.threat());
    followed = followed || (vehicle.encounter.state() != Encounter::State::passed &&
                            stays_behind(vehicle.estimate(), config_));
  }
  road_.judge(gravest, followed, analysis);
}

// As measured by the stages before; else as the configuration says.
ViewGeometry ApproachStage::view_of(const Frame& frame, const Analysis& analysis) const {
  const auto width = static_cast<float>(frame.width());
  const auto height = static_cast<float>(frame.height());
  ViewGeometry view = analysis.view.value_or(ViewGeometry{});
  if (view.shown.area() <= 0) view.shown = cv::Rect2f(0, 0, width, height);
  if (view.focal_px <= 0) {
    view.focal_px = frame.width() / 2.0 / std::tan(config_.horizontal_fov_deg * CV_PI / 360);
    view.vanishing = {width / 2, height / 2};
    view.vanishing_sigma_px = kUnknownHorizonShare * frame.height();
  }
  if (config_.horizon_share >= 0) {
    view.vanishing.y = view.shown.y + static_cast<float>(config_.horizon_share) * view.shown.height;
    view.vanishing_sigma_px = 0;
  }
  view.pitch_deg =
      std::atan((view.vanishing.y - frame.height() / 2.0) / view.focal_px) * 180 / CV_PI;
  view.camera_height_m = height_.value_m();
  view.camera_height_sigma_m =
      config_.calibrate_height ? height_.sigma_share() * height_.value_m() : 0;
  return view;
}

void ApproachStage::see(Track& track, const ViewGeometry& view, const PictureHistory& pictures,
                        Analysis& analysis) {
  Vehicle& vehicle = vehicle_of(track, analysis);
  const Detection* box = behind(track, analysis, false);
  VehicleSight sight{.track = track, .box_score = {}, .growth = {}};
  if (box != nullptr) sight.box_score = static_cast<double>(box->score);
  sight.growth = growth_of(vehicle, track, box != nullptr, pictures, analysis);
  const VehicleEstimate& estimate = vehicle.estimator.update(sight, view, analysis.t_s);
  if (estimate.camera_height_m && config_.calibrate_height) height_.see(*estimate.camera_height_m);
  if (!track.coasting) vehicle.rivals.see(estimate, config_);
  track.probability = vehicle.rivals.claim().probability;
  vehicle.encounter.follow(estimate, verdict_of(vehicle, track), track.coasting, told_of(vehicle),
                           config_, analysis.alerts);
  describe(estimate, vehicle.encounter, track);
}

ApproachStage::Vehicle& ApproachStage::vehicle_of(const Track& track, const Analysis& analysis) {
  for (Vehicle& vehicle : vehicles_) {
    if (vehicle.track_id == track.id) return vehicle;
  }
  if (Vehicle* lost = lost_vehicle_of(track, analysis)) {
    lost->track_id = track.id;
    return *lost;
  }
  // The number of a track that comes back after its vehicle went on with another one is taken:
  // then the two change numbers.
  int id = track.id;
  const auto taken = [&] {
    return std::find_if(vehicles_.begin(), vehicles_.end(),
                        [id](const Vehicle& other) { return other.id == id; });
  };
  for (auto other = taken(); other != vehicles_.end(); other = taken()) id = other->track_id;
  return vehicles_.emplace_back(id, track.id);
}

// A new track may show a vehicle that was lost a moment ago: the nearest of like size.
ApproachStage::Vehicle* ApproachStage::lost_vehicle_of(const Track& track,
                                                       const Analysis& analysis) {
  Vehicle* found = nullptr;
  double nearest = 1.0;
  for (Vehicle& vehicle : vehicles_) {
    if (vehicle.encounter.state() == Encounter::State::passed ||
        has_track(analysis, vehicle.track_id))
      continue;
    const cv::Rect2f& box = vehicle.estimate().box;
    const cv::Point2f a = (box.tl() + box.br()) / 2;
    const cv::Point2f b = (track.box.tl() + track.box.br()) / 2;
    const float side = std::max({box.width, track.box.width, kReidentifySide_px});
    const double gap_s = analysis.t_s - vehicle.estimate().t_s;
    const double distance = std::hypot(a.x - b.x, a.y - b.y) /
                            (side * (kReidentifyReach + kReidentifyReach_per_s * gap_s));
    const double ratio = std::sqrt(track.box.area() / std::max(1.0F, box.area()));
    // What was closing in is no smaller by now: the smaller one is the next behind it.
    const bool closing =
        vehicle.estimate().motion == Motion::approaching && !vehicle.estimate().leaving();
    const double least = closing ? kReidentifyClosing : 1 / kReidentifyRatio;
    if (distance < nearest && ratio > least && ratio < kReidentifyRatio) {
      nearest = distance;
      found = &vehicle;
    }
  }
  return found;
}

// From the picture where a detector says what the vehicle's box is; else as a detector of movement
// measured it; else only the boxes tell.
std::optional<Estimate> ApproachStage::growth_of(const Vehicle& vehicle, const Track& track,
                                                 bool boxed, const PictureHistory& pictures,
                                                 const Analysis& analysis) const {
  if (track.coasting) return std::nullopt;
  const bool boxed_lately = boxed || analysis.t_s - vehicle.estimate().boxed_s < kBoxesLast_s;
  if (config_.measure_in_picture && boxed_lately) {
    for (const double most_s : kGrowthSpans_s) {
      const auto before = vehicle.estimator.seen_before(most_s);
      if (!before || analysis.t_s - before->first < kLeastGrowthSpan_s) break;
      const auto growth = ScaleGauge(pictures).growth(before->second, before->first, track.box);
      if (growth) return growth;
    }
    return std::nullopt;
  }
  if (const Detection* detection = behind(track, analysis, true))
    return Estimate{*detection->growth_per_s,
                    detection->growth_sigma_per_s.value_or(kGrowthDoubt_per_s)};
  return std::nullopt;
}

Verdict ApproachStage::verdict_of(const Vehicle& vehicle, const Track& track) const {
  const VehicleEstimate& estimate = vehicle.estimate();
  const auto any_other = [&](auto&& holds) {
    return std::any_of(vehicles_.begin(), vehicles_.end(),
                       [&](const Vehicle& other) { return &other != &vehicle && holds(other); });
  };
  const bool hidden =
      any_other([&](const Vehicle& other) { return hides(other.estimate(), estimate); });
  const bool explained = any_other([&](const Vehicle& other) {
    return other.encounter.state() != Encounter::State::passed &&
           explains(other.estimate(), estimate, config_);
  });
  return verdict(estimate, vehicle.rivals.claim(), static_cast<double>(track.score), hidden,
                 explained, config_);
}

Encounter::Told ApproachStage::told_of(const Vehicle& vehicle) const {
  Encounter::Told told;
  for (const Vehicle& other : vehicles_) {
    if (&other == &vehicle || !other.encounter.announced()) continue;
    const bool shared = other.encounter.state() == Encounter::State::passed
                            ? vehicle.encounter.told_as() == other.id &&
                                  !follows(vehicle.estimate(), other.estimate())
                            : share_a_box(vehicle.estimate(), other.estimate());
    if (!shared) continue;
    if (!told.as) told.as = other.encounter.told_as();
    told.fast = told.fast || other.encounter.announced_fast();
  }
  return told;
}

void ApproachStage::look_for_passes(Analysis& analysis) {
  for (Vehicle& vehicle : vehicles_) {
    if (const auto out_s = vehicle.encounter.left_s(vehicle.estimate(), analysis.t_s)) {
      // A lorry's cab and trailer may have tracks of their own, which leave the picture one after
      // the other.
      const bool told = std::any_of(vehicles_.begin(), vehicles_.end(), [&](const Vehicle& other) {
        return &other != &vehicle &&
               other.encounter.passed_with(vehicle.encounter.told_as(), *out_s);
      });
      vehicle.encounter.pass(vehicle.estimate(), *out_s, told, config_, analysis.alerts);
    }
    if (!has_track(analysis, vehicle.track_id)) vehicle.encounter.lose();
  }
}

void ApproachStage::forget(double t_s) {
  std::erase_if(vehicles_, [&](const Vehicle& vehicle) {
    return t_s - vehicle.estimate().t_s > config_.remember_s;
  });
  if (vehicles_.size() > kMostVehicles)  // the oldest first, as they were added
    vehicles_.erase(vehicles_.begin(),
                    vehicles_.end() - static_cast<std::ptrdiff_t>(kMostVehicles));
}

namespace {

std::unique_ptr<Stage> make(ConfigReader& config) {
  ApproachConfig settings;
  read_settings(config, settings);
  return std::make_unique<ApproachStage>(settings);
}

}  // namespace

const StageType ApproachStage::kType{
    .name = "approach",
    .text = "Decides who approaches, when it will be here, and what to tell.",
    .schema = schema_of<ApproachConfig>,
    .reads = {Fact::sight, Fact::tracks},
    .uses = {Fact::detections, Fact::growth, Fact::view},
    .writes = {Fact::road},
    .make = make};

}  // namespace rearview
