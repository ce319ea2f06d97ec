#include "archive/ride_events.h"

#include <algorithm>
#include <utility>

namespace rearview {
namespace {

/// What comes back later is another vehicle to the stages too (ApproachConfig::remember_s).
constexpr double kForgotten_s = 2;

}  // namespace

RideEvents::RideEvents(double longest_s, std::function<void(const Alert&)> sink)
    : longest_s_(longest_s), sink_(std::move(sink)) {}

RideEvents::Open& RideEvents::open_event(const Alert& alert, int track_id) {
  const auto it = std::find_if(open_.begin(), open_.end(), [&](const Open& event) {
    return event.track_id == track_id && event.epoch == alert.epoch;
  });
  if (it != open_.end()) return *it;
  open_.push_back(
      {.track_id = track_id, .epoch = alert.epoch, .first_s = alert.t_s, .seen_s = alert.t_s});
  return open_.back();
}

bool RideEvents::is_over(const Open& event, const Analysis& analysis) const {
  return event.passed || event.epoch != analysis.epoch ||
         analysis.t_s - event.seen_s > kForgotten_s || analysis.t_s - event.first_s > longest_s_;
}

void RideEvents::tell(const Open& event) {
  ++count_;
  for (const Alert& alert : event.alerts) sink_(alert);
}

void RideEvents::add(const Analysis& analysis, bool own) {
  for (Open& event : open_) {
    if (std::any_of(analysis.tracks.begin(), analysis.tracks.end(),
                    [&event](const Track& track) { return track.id == event.track_id; }))
      event.seen_s = analysis.t_s;
  }
  for (const Alert& alert : analysis.alerts) {
    const AlertVehicle* vehicle = alert.vehicle();
    if (!vehicle) {
      if (own) sink_(alert);
      continue;
    }
    Open& event = open_event(alert, vehicle->track_id);
    event.seen_s = alert.t_s;
    event.passed = alert.kind == AlertKind::overtake || alert.kind == AlertKind::close_pass;
    event.alerts.push_back(alert);
  }
  std::erase_if(open_, [&](const Open& event) {
    const bool over = is_over(event, analysis);
    if (over && own) tell(event);
    return over;
  });
}

void RideEvents::finish() {
  for (const Open& event : open_) tell(event);
  open_.clear();
}

}  // namespace rearview
