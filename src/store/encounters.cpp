#include "store/encounters.h"

#include <algorithm>

namespace rearview {
namespace {

/// More vehicles than a road behind holds; only a broken detector makes more.
constexpr std::size_t kMostOpen = 32;
/// One vehicle tells three alerts; this bounds one that tells for ever.
constexpr std::size_t kMostAlerts = 32;

/// A vehicle comes within the 8 s before it passes, and whoever missed it needs some seconds to say
/// so.
constexpr double kMissed_s = 18;

bool is_pass(AlertKind kind) {
  return kind == AlertKind::overtake || kind == AlertKind::close_pass;
}

}  // namespace

double Encounters::end_of(const Open& open) const {
  const double last_s = open.passed ? open.last_s : std::max(open.last_s, open.threat_s);
  // Who stays a threat for ever, without another alert, isn't waited for.
  return std::min(last_s, open.last_s + config_.most_s) + config_.post_roll_s;
}

Encounters::Ended Encounters::ended(const Open& open) const {
  Ended over{.wanted = open.wanted, .alerts = open.alerts, .epoch = open.epoch};
  over.to_s = end_of(open);
  over.from_s = std::max(open.first_s - config_.pre_roll_s, over.to_s - config_.most_s);
  return over;
}

Encounters::Taken Encounters::alert(const Alert& alert) {
  const bool wanted = config_.wants_clip(alert.kind);
  const AlertVehicle* vehicle = alert.vehicle();
  const std::optional<int> track_id = vehicle ? std::optional(vehicle->track_id) : std::nullopt;
  auto found = open_.end();
  if (track_id)
    found = std::find_if(open_.begin(), open_.end(), [&](const Open& open) {
      return open.track_id == track_id && open.epoch == alert.epoch && !open.passed;
    });
  if (found == open_.end()) {
    if (!track_id && !wanted) return Taken::no;
    if (open_.size() >= kMostOpen) return Taken::refused;
    found = open_.insert(open_.end(), Open{.epoch = alert.epoch,
                                           .track_id = track_id,
                                           .first_s = alert.t_s,
                                           .threat_s = alert.t_s});
  }
  if (found->alerts.size() >= kMostAlerts) return Taken::refused;
  found->alerts.push_back(alert.id);
  found->last_s = alert.t_s;
  found->wanted = found->wanted || wanted;
  found->passed = found->passed || is_pass(alert.kind);
  return Taken::yes;
}

double Encounters::begin_of_missed(double t_s) const {
  return t_s - std::min(kMissed_s, config_.most_s - config_.post_roll_s);
}

Encounters::Taken Encounters::missed(std::uint64_t moment, std::uint32_t epoch, double t_s) {
  if (open_.size() >= kMostOpen) return Taken::refused;
  open_.push_back({.epoch = epoch,
                   .alerts = {moment},
                   .wanted = true,
                   .first_s = begin_of_missed(t_s) + config_.pre_roll_s,
                   .last_s = t_s,
                   .threat_s = t_s});
  return Taken::yes;
}

std::vector<Encounters::Ended> Encounters::analysis(const Analysis& analysis) {
  std::vector<Ended> over;
  if (open_.empty()) return over;
  for (Open& open : open_) {
    if (!open.track_id || open.epoch != analysis.epoch) continue;
    for (const Track& track : analysis.tracks) {
      if (track.id == *open.track_id && track.threat > 0) open.threat_s = analysis.t_s;
    }
  }
  std::erase_if(open_, [&](const Open& open) {
    // Another connection: nothing more will come of it.
    if (open.epoch == analysis.epoch && analysis.t_s < end_of(open)) return false;
    over.push_back(ended(open));
    return true;
  });
  return over;
}

std::vector<Encounters::Ended> Encounters::finish() {
  std::vector<Ended> over;
  for (const Open& open : open_) over.push_back(ended(open));
  open_.clear();
  return over;
}

}  // namespace rearview
