#include "radar/radar_targets.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace rearview {
namespace {

/// Ids that every known reader takes (radar_encoder.h): bit 7 set, not 0xFD, and different in their
/// upper six bits. What the lower two would say isn't known; they stay as they are for the whole
/// life of an id.
constexpr std::uint8_t kFirstId = 0x81;
constexpr int kIds = 31;
constexpr int kIdStep = 4;
/// 255 is no distance to some readers.
constexpr double kMost = 254;
constexpr double kKmhPerMps = 3.6;
constexpr int kNoTrack = -1;

std::optional<double> known(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::uint8_t byte_of(double value, double least) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, least, kMost)));
}

RadarTarget target_of(const Track& track) {
  const auto distance_m = known(track.distance_m);
  const auto closing_mps = known(track.closing_mps);
  const auto ttc_s = known(track.ttc_s);
  double shown_m = kUnknownPlace_m;
  double shown_mps = 0;
  if (distance_m) {
    shown_m = *distance_m;
    if (closing_mps)
      shown_mps = *closing_mps;
    else if (ttc_s && *ttc_s > 0)
      shown_mps = *distance_m / *ttc_s;
  } else if (ttc_s) {
    shown_mps = closing_mps.value_or(kAssumedClosing_mps);
    shown_m = shown_mps * *ttc_s;
  }
  // Readers take a vehicle without speed for harmless.
  const double least_kmh = track.threat > 0 ? 1 : 0;
  return {.distance_m = byte_of(shown_m, 0),
          .closing_kmh = byte_of(shown_mps * kKmhPerMps, least_kmh)};
}

}  // namespace

std::vector<RadarTarget> RadarTargets::of(const Analysis& analysis) {
  struct Candidate {
    Vehicle vehicle;
    int threat;
    RadarTarget target;
  };
  std::vector<Candidate> candidates;
  for (const Track& track : analysis.tracks) {
    if (track.motion == Motion::receding && track.threat == 0) continue;
    candidates.push_back({{analysis.epoch, track.id}, track.threat, target_of(track)});
  }
  if (analysis.tracks.empty() && analysis.road != Road::clear) {
    if (told_.empty())
      told_.push_back(
          {id_of({analysis.epoch, kNoTrack}), static_cast<std::uint8_t>(kUnknownPlace_m)});
    return told_;
  }

  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     if (a.threat != b.threat) return a.threat > b.threat;
                     return a.target.distance_m < b.target.distance_m;
                   });
  if (candidates.size() > kMostRadarTargets) {
    left_out_ += candidates.size() - kMostRadarTargets;
    candidates.resize(kMostRadarTargets);
  }
  std::erase_if(ids_, [&candidates](const auto& known_id) {
    return std::none_of(candidates.begin(), candidates.end(), [&known_id](const Candidate& one) {
      return one.vehicle == known_id.first;
    });
  });
  told_.clear();
  for (Candidate& one : candidates) {
    one.target.id = id_of(one.vehicle);
    told_.push_back(one.target);
  }
  std::stable_sort(told_.begin(), told_.end(), [](const RadarTarget& a, const RadarTarget& b) {
    return a.distance_m < b.distance_m;
  });
  return told_;
}

void RadarTargets::reset() {
  ids_.clear();
  told_.clear();
}

// An id is given anew only after all others, so that no reader takes a new vehicle for one that was
// there a moment ago.
std::uint8_t RadarTargets::id_of(const Vehicle& vehicle) {
  if (const auto found = ids_.find(vehicle); found != ids_.end()) return found->second;
  std::set<std::uint8_t> taken;
  for (const auto& [other, id] : ids_) taken.insert(id);
  std::uint8_t id = 0;
  do {
    id = static_cast<std::uint8_t>(kFirstId + kIdStep * next_);
    next_ = static_cast<std::uint8_t>((next_ + 1) % kIds);
  } while (taken.contains(id));
  ids_.emplace(vehicle, id);
  return id;
}

}  // namespace rearview
