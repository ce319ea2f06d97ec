#include "analyse/approach/approach_stage.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analyse/common/boxes.h"

namespace rearview {
namespace {

// A vehicle that left at the picture's edge is past once its track has been without support so
// long, and one that wasn't seen on its way there so long after it was to be out of the picture.
constexpr double kPassedAfter_s = 0.25;
// Over how long growth is measured: as long as may be, or else over less.
constexpr std::array kGaugeSpans_s = {0.8, 0.4};
constexpr double kLeastGaugeSpan_s = 0.15;
// For how long after its last detection a known vehicle explains what grows beside it.
constexpr double kExplains_s = 0.5;
constexpr float kHidden = 0.35F;  // the share of a vehicle's box that another covers
// For how long a box that a detector drew round a vehicle says what the track is.
constexpr double kBoxesLast_s = 0.5;
// Parts of one vehicle are out of the picture within this of each other; who follows it keeps more.
constexpr double kOnePass_s = 1;
// Tracks come and go within remember_s; where time stands still they would add up. Twice the tracks
// that a tracker may keep.
constexpr std::size_t kMostVehicles = 512;

float area(const cv::Rect2f& box) {
  return box.width * box.height;
}

// How much of the smaller box lies in the other.
float contained(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float smaller = std::min(area(a), area(b));
  return smaller > 0 ? area(a & b) / smaller : 0;
}

// The detection that supports the track: of those that measure growth, or of those that don't.
const Detection* behind(const Track& track, const Analysis& analysis, bool measures_growth) {
  const Detection* best = nullptr;
  float most = 0.3F;
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

}  // namespace

void ApproachStage::reset() noexcept {
  gauge_.clear();
  vehicles_.clear();
  quiet_since_s_.reset();
  looked_since_s_.reset();
}

// From the picture where a detector says what the vehicle's box is; else as a detector of movement
// measured it; else only the boxes tell.
std::optional<Estimate> ApproachStage::growth_of(const VehicleState& vehicle, const Track& track,
                                                 const Analysis& analysis) const {
  if (track.coasting) return std::nullopt;
  if (config_.measure_in_picture && analysis.t_s - vehicle.boxed_s_ < kBoxesLast_s) {
    for (const double most_s : kGaugeSpans_s) {
      const auto before = vehicle.seen_before(most_s);
      if (!before || analysis.t_s - before->first < kLeastGaugeSpan_s) break;
      const auto growth = gauge_.growth(before->second, before->first, track.box);
      if (growth) return growth;
    }
    return std::nullopt;
  }
  if (const Detection* detection = behind(track, analysis, true))
    return Estimate{*detection->growth_per_s, detection->growth_sigma_per_s.value_or(0.1)};
  return std::nullopt;
}

VehicleState& ApproachStage::state_of(const Track& track, const Analysis& analysis) {
  for (VehicleState& vehicle : vehicles_) {
    if (vehicle.track_id_ == track.id) return vehicle;
  }
  // A new number may be a vehicle that was lost a moment ago: the nearest of like size.
  VehicleState* heir = nullptr;
  double nearest = 1.0;
  for (VehicleState& vehicle : vehicles_) {
    const bool has_track =
        std::any_of(analysis.tracks.begin(), analysis.tracks.end(),
                    [&](const Track& other) { return other.id == vehicle.track_id_; });
    if (has_track || vehicle.passed_) continue;
    const cv::Point2f a = (vehicle.box_.tl() + vehicle.box_.br()) / 2;
    const cv::Point2f b = (track.box.tl() + track.box.br()) / 2;
    const float side = std::max({vehicle.box_.width, track.box.width, 12.0F});
    const double gap = analysis.t_s - vehicle.updated_s_;
    const double distance = std::hypot(a.x - b.x, a.y - b.y) / (side * (0.7 + 0.5 * gap));
    const double ratio = std::sqrt(area(track.box) / std::max(1.0F, area(vehicle.box_)));
    if (distance < nearest && ratio > 0.5 && ratio < 2.0) {
      nearest = distance;
      heir = &vehicle;
    }
  }
  if (heir) {
    heir->track_id_ = track.id;
    return *heir;
  }
  // The number of a track that comes back after its vehicle went on with another one is taken:
  // then the two change numbers.
  int id = track.id;
  const auto taken = [&] {
    return std::find_if(vehicles_.begin(), vehicles_.end(),
                        [id](const VehicleState& other) { return other.id_ == id; });
  };
  for (auto other = taken(); other != vehicles_.end(); other = taken()) id = other->track_id_;
  return vehicles_.emplace_back(id, track.id);
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
    view.vanishing_sigma_px = 0.06 * frame.height();
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

void ApproachStage::process(const Frame& frame, Analysis& analysis) {
  const ViewGeometry view = view_of(frame, analysis);
  analysis.view = view;
  if (config_.measure_in_picture) gauge_.add(frame.luma(), frame.t_s);
  std::vector<int> vehicle_ids;  // of the tracks, in their order
  vehicle_ids.reserve(analysis.tracks.size());
  for (Track& track : analysis.tracks) {
    VehicleState& vehicle = state_of(track, analysis);
    vehicle_ids.push_back(vehicle.id_);
    const Detection* box = behind(track, analysis, false);
    vehicle.see_box(box ? std::optional(static_cast<double>(box->score)) : std::nullopt,
                    analysis.t_s);
    vehicle.update(track, growth_of(vehicle, track, analysis), view, analysis.t_s);
    if (vehicle.unseen_pass_ && !track.coasting && !vehicle.leaving()) came_back(vehicle);
    if (const auto height_m = vehicle.camera_height_m(); height_m && config_.calibrate_height)
      height_.see(*height_m);
    judge(vehicle, track, analysis);
    vehicle.describe(track);
  }
  for (VehicleState& vehicle : vehicles_) {
    const bool has_track =
        std::any_of(analysis.tracks.begin(), analysis.tracks.end(),
                    [&](const Track& track) { return track.id == vehicle.track_id_; });
    if (vehicle.alerted_ && !vehicle.passed_) {
      const std::optional<double> out_s =
          vehicle.leaving() ? vehicle.seen_s_ : vehicle.out_of_view_s();
      if (out_s && analysis.t_s - *out_s > kPassedAfter_s) gone(vehicle, *out_s, analysis);
    }
    if (!has_track) vehicle.threat_ = 0;
  }
  for (std::size_t i = 0; i < vehicle_ids.size(); ++i) analysis.tracks[i].id = vehicle_ids[i];
  // The tracker goes on with a vehicle for a while after nobody sees it. One that has passed is
  // not behind.
  std::erase_if(analysis.tracks, [this](const Track& track) {
    return track.coasting &&
           std::any_of(vehicles_.begin(), vehicles_.end(), [&track](const VehicleState& vehicle) {
             return vehicle.id_ == track.id && vehicle.passed_;
           });
  });
  std::erase_if(vehicles_, [&](const VehicleState& vehicle) {
    return analysis.t_s - vehicle.updated_s_ > config_.remember_s;
  });
  if (vehicles_.size() > kMostVehicles)  // the oldest first, as they were added
    vehicles_.erase(vehicles_.begin(),
                    vehicles_.end() - static_cast<std::ptrdiff_t>(kMostVehicles));

  judge_road(analysis);
}

void ApproachStage::judge_road(Analysis& analysis) {
  int threat = 0;
  for (const VehicleState& vehicle : vehicles_) threat = std::max(threat, vehicle.threat_);
  if (analysis.road == Road::blind) {
    quiet_since_s_.reset();
    looked_since_s_.reset();
    if (threat == 0) return;
    // What is seen coming is told, however little the picture shows beside.
    analysis.state = AnalysisState::degraded;
    analysis.road = threat == 2 ? Road::danger : Road::approaching;
    return;
  }
  if (!looked_since_s_) {
    looked_since_s_ = analysis.t_s;
    looks_ = 0;
  }
  // What is there is told at once; that nothing is, only when it would have been found.
  const bool would_be_known = ++looks_ > config_.confirm_frames &&
                              analysis.t_s - *looked_since_s_ >= slowest_confirmation_s();
  if (threat > 0) {
    quiet_since_s_.reset();
  } else if (warned_ && would_be_known) {
    if (!quiet_since_s_) quiet_since_s_ = analysis.t_s;
    if (analysis.t_s - *quiet_since_s_ >= config_.all_clear_s) {
      Alert clear;
      clear.kind = AlertKind::all_clear;
      clear.level = AlertLevel::info;
      analysis.alerts.push_back(clear);
      warned_ = false;
      quiet_since_s_.reset();
    }
  }
  if (threat == 2)
    analysis.road = Road::danger;
  else if (threat == 1)
    analysis.road = Road::approaching;
  else if (!analysis.tracks.empty())
    analysis.road = Road::following;
  else if (would_be_known)
    analysis.road = warned_ ? Road::following : Road::clear;
}

double ApproachStage::slowest_confirmation_s() const {
  return std::max({config_.confirm_s, config_.confirm_boxes_s, config_.confirm_unnamed_s});
}

void ApproachStage::judge(VehicleState& vehicle, const Track& track, Analysis& analysis) {
  const double t_s = analysis.t_s;
  if (vehicle.passed_) return;
  vehicle.hidden_ = hidden(vehicle);
  const bool clear_sight = static_cast<double>(track.score) >= config_.least_score &&
                           std::max(track.box.width, track.box.height) >= config_.least_side_px &&
                           !vehicle.hidden_;
  const bool gates = clear_sight && vehicle.growth_gate(config_) && vehicle.path_gate(config_) &&
                     (vehicle.named() || !explained(vehicle));
  if (!track.coasting) {
    if (gates && vehicle.gate_frames_++ == 0) vehicle.gate_since_s_ = t_s;
    if (!gates) vehicle.gate_frames_ = 0;
  }
  double confirm_s = vehicle.picture_grows() ? config_.confirm_s : config_.confirm_boxes_s;
  if (!vehicle.named()) confirm_s = std::max(confirm_s, config_.confirm_unnamed_s);
  const bool confirmed =
      vehicle.gate_frames_ >= config_.confirm_frames && t_s - vehicle.gate_since_s_ >= confirm_s;
  if (confirmed && vehicle.place_gate() && vehicle.threat_ == 0) vehicle.threat_ = 1;
  if (vehicle.threat_ > 0) {
    if (!vehicle.released(config_)) {
      vehicle.weak_ = false;
    } else if (!vehicle.weak_) {
      vehicle.weak_ = true;
      vehicle.weak_since_s_ = t_s;
    } else if (t_s - vehicle.weak_since_s_ >= config_.release_s) {
      vehicle.threat_ = 0;
    }
  }
  if (vehicle.threat_ == 0) return;
  if (!vehicle.alerted_) {
    vehicle.alerted_ = true;
    if (const VehicleState* told = same_as_told(vehicle, &VehicleState::alerted_)) {
      vehicle.told_as_ = told->told_as_.value_or(told->id_);
    } else {
      analysis.alerts.push_back(
          warning_of(vehicle, AlertKind::vehicle_approaching, AlertLevel::warning));
      warned_ = true;
    }
  }
  if (vehicle.threat_ == 1 && !track.coasting && vehicle.fast(config_)) vehicle.threat_ = 2;
  if (vehicle.threat_ == 2 && !vehicle.fast_alerted_ &&
      !same_as_told(vehicle, &VehicleState::fast_alerted_)) {
    vehicle.fast_alerted_ = true;
    analysis.alerts.push_back(warning_of(vehicle, AlertKind::fast_approach, AlertLevel::danger));
    warned_ = true;
  }
}

// The light of a known vehicle's lamps sweeps over road and trees, its shadow and spray go with it:
// all of them grow. The rider is about to be told of the vehicle itself.
bool ApproachStage::explained(const VehicleState& vehicle) const {
  return std::any_of(vehicles_.begin(), vehicles_.end(), [&](const VehicleState& other) {
    return &other != &vehicle && other.named() && !other.passed_ &&
           vehicle.updated_s_ - other.seen_s_ < kExplains_s &&
           other.motion() == Motion::approaching &&
           other.growth().value > 1 / config_.farthest_ttc_s;
  });
}

// Behind a nearer one: what is measured of it is partly the other's.
bool ApproachStage::hidden(const VehicleState& vehicle) const {
  return std::any_of(vehicles_.begin(), vehicles_.end(), [&](const VehicleState& other) {
    return &other != &vehicle && other.named() && area(other.box_) > area(vehicle.box_) &&
           vehicle.updated_s_ - other.seen_s_ < kExplains_s &&
           other.box_.br().y > vehicle.box_.br().y &&
           area(vehicle.box_ & other.box_) > kHidden * area(vehicle.box_);
  });
}

const VehicleState* ApproachStage::same_as_told(const VehicleState& vehicle,
                                                bool VehicleState::*told) const {
  const auto found =
      std::find_if(vehicles_.begin(), vehicles_.end(), [&](const VehicleState& other) {
        return &other != &vehicle && other.*told && !other.passed_ &&
               vehicle.updated_s_ - other.seen_s_ < 0.5 &&
               contained(vehicle.box_, other.box_) > 0.5;
      });
  return found == vehicles_.end() ? nullptr : &*found;
}

// A lorry's cab and trailer may have tracks of their own, which leave the picture one after the
// other.
bool ApproachStage::pass_is_told(const VehicleState& vehicle, double out_s) const {
  const int told_as = vehicle.told_as_.value_or(vehicle.id_);
  return std::any_of(vehicles_.begin(), vehicles_.end(), [&](const VehicleState& other) {
    return &other != &vehicle && other.passed_ && other.told_as_.value_or(other.id_) == told_as &&
           std::abs(out_s - other.passed_s_) < kOnePass_s;
  });
}

// It isn't past after all: what it does now is told anew.
void ApproachStage::came_back(VehicleState& vehicle) {
  vehicle.passed_ = vehicle.unseen_pass_ = false;
  vehicle.alerted_ = vehicle.fast_alerted_ = false;
  vehicle.told_as_.reset();
  vehicle.gate_frames_ = 0;
}

void ApproachStage::gone(VehicleState& vehicle, double out_s, Analysis& analysis) {
  const bool told = pass_is_told(vehicle, out_s);
  vehicle.passed_ = true;
  vehicle.passed_s_ = out_s;
  vehicle.unseen_pass_ = !vehicle.leaving();
  vehicle.threat_ = 0;
  if (told) return;
  const std::optional<Estimate> across = vehicle.lateral();
  const bool close =
      across && across->sigma < 1.0 && std::abs(across->value) < config_.close_pass_m;
  Alert passed;
  passed.kind = close ? AlertKind::close_pass : AlertKind::overtake;
  passed.level = close ? AlertLevel::warning : AlertLevel::info;
  passed.about = AlertPass{told_of(vehicle), out_s};
  analysis.alerts.push_back(passed);
}

AlertVehicle ApproachStage::told_of(const VehicleState& vehicle) {
  AlertVehicle told;
  told.track_id = vehicle.id_;
  told.vehicle_class = vehicle.vehicle_class_;
  told.box = vehicle.box_;
  if (vehicle.distance()) told.distance_m = vehicle.distance()->value;
  told.closing_mps = vehicle.closing_mps();
  told.side = vehicle.side();
  if (const auto across = vehicle.lateral(); across && across->sigma < 3)
    told.lateral_m = told.side == Side::left ? -across->value : across->value;
  return told;
}

Alert ApproachStage::warning_of(const VehicleState& vehicle, AlertKind kind, AlertLevel level) {
  AlertApproach about{told_of(vehicle)};
  if (const auto time = vehicle.ttc()) about.ttc_s = time->value;
  about.reason =
      AlertReason{vehicle.growth().value, vehicle.bearing_rate_deg_per_s(), vehicle.gate_frames_};
  Alert alert;
  alert.kind = kind;
  alert.level = level;
  alert.about = about;
  return alert;
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
