#include "store/ride_log.h"

#include <algorithm>

#include "store/stretches.h"

namespace rearview {
namespace {

/// Vehicles whose first alert is remembered; far more than are on the road at a time.
constexpr std::size_t kMostVehicles = 256;
/// Rides that ended while the disk took nothing.
constexpr std::size_t kMostUnwritten = 1000;
/// Likewise points of tracks: an hour of two cameras.
constexpr std::size_t kMostPoints = 7200;
/// A camera that was seen this long ago sees. Nobody says what it saw in a longer gap.
constexpr double kSeen_s = 2;
/// A track ends after a day.
constexpr int kLongest_s = 86'400;

}  // namespace

RideLog::RideLog(double gap_s, std::vector<StoredRide> known, std::uint64_t newest_id)
    : gap_s_(gap_s), newest_id_(newest_id) {
  for (StoredRide& ride : known) {
    const std::string camera = ride.camera;
    OnTheRoad& on = rides_[camera];
    on.looked_s = ride.duration_s;
    on.blind = true;  // between two programs
    on.ride = std::move(ride);
  }
}

void RideLog::write_again() {
  for (auto& [camera, on] : rides_) on.changed = on.changed || on.newest.has_value();
}

bool RideLog::seen(const std::string& camera, WallTime time, SteadyTime now, bool road_seen) {
  OnTheRoad& on = rides_[camera];
  // Between two programs only the wall clock tells how long it was, and that may have been set.
  const double away_s = on.newest ? seconds_between(*on.newest, now)
                                  : std::chrono::duration<double>(time - on.ride.seen).count();
  const bool begins = on.ride.id == 0 || away_s > gap_s_ || away_s < 0;
  if (begins && on.changed) keep_unwritten(on.ride);
  if (begins)
    on = {.ride = {.id = ++newest_id_, .camera = camera, .start = time}};
  else
    on.ride.duration_s += away_s;
  on.ride.seen = time;
  on.newest = now;
  on.changed = true;
  const double now_s = on.ride.duration_s;
  if (on.blind || !road_seen || now_s - on.looked_s > kSeen_s)
    add_stretch(on.ride.unseen, on.looked_s, now_s);
  on.looked_s = now_s;
  on.blind = !road_seen;
  return begins;
}

void RideLog::unseen(const std::string& camera) {
  if (const auto on = rides_.find(camera); on != rides_.end()) on->second.blind = true;
}

void RideLog::was_unseen(const std::string& camera, double unseen_s, SteadyTime now) {
  const auto found = rides_.find(camera);
  if (found == rides_.end() || !found->second.newest) return;
  OnTheRoad& on = found->second;
  const double since_s = on.ride.duration_s + seconds_between(*on.newest, now) - unseen_s;
  if (since_s >= on.ride.duration_s) return;
  add_stretch(on.ride.unseen, since_s, on.ride.duration_s);
  on.changed = true;
}

void RideLog::moved(const RiderFix& fix, bool keep_track) {
  for (auto& [camera, on] : rides_) {
    if (!on.newest || seconds_between(*on.newest, fix.at) > kSeen_s) continue;
    Travelled& ride = on.ride.travelled;
    if (on.counted) {
      ride.distance_m += fix.travelled.distance_m - on.counted->distance_m;
      ride.known_s += fix.travelled.known_s - on.counted->known_s;
      ride.moving_s += fix.travelled.moving_s - on.counted->moving_s;
    }
    on.counted = fix.travelled;
    on.changed = true;
    const double t_s = on.ride.duration_s + std::max(0.0, seconds_between(*on.newest, fix.at));
    if (!keep_track || t_s >= kLongest_s || static_cast<int>(t_s) == on.last_point_s) continue;
    on.last_point_s = static_cast<int>(t_s);
    track_.push_back({on.ride.id, {on.last_point_s, fix.position, fix.speed_mps, ride.distance_m}});
    bound_track();
  }
}

void RideLog::bound_track() {
  while (track_.size() > kMostPoints) {
    track_.pop_front();
    ++lost_points_;
  }
}

std::vector<StoredPoint> RideLog::take_track() {
  std::vector<StoredPoint> taken(track_.begin(), track_.end());
  track_.clear();
  return taken;
}

std::optional<std::uint64_t> RideLog::current(const std::string& camera, SteadyTime now) const {
  const auto found = rides_.find(camera);
  if (found == rides_.end() || !found->second.newest ||
      seconds_between(*found->second.newest, now) > gap_s_)
    return std::nullopt;
  return found->second.ride.id;
}

std::vector<StoredRide> RideLog::take_changed() {
  std::vector<StoredRide> changed(unwritten_.begin(), unwritten_.end());
  unwritten_.clear();
  for (auto& [camera, on] : rides_) {
    if (!on.changed) continue;
    on.changed = false;
    changed.push_back(on.ride);
  }
  return changed;
}

void RideLog::give_back(const std::vector<StoredRide>& rides,
                        const std::vector<StoredPoint>& track) {
  track_.insert(track_.begin(), track.begin(), track.end());
  bound_track();
  for (const StoredRide& ride : rides) {
    OnTheRoad& on = rides_[ride.camera];
    if (on.ride.id == ride.id)
      on.changed = true;
    else
      keep_unwritten(ride);
  }
}

void RideLog::keep_unwritten(const StoredRide& ride) {
  unwritten_.push_back(ride);
  if (unwritten_.size() > kMostUnwritten) unwritten_.pop_front();
}

std::optional<Pass> RideLog::note(const KeptAlert& alert) {
  const AlertVehicle* vehicle = alert.vehicle();
  if (!vehicle) return std::nullopt;
  const auto first =
      std::find_if(first_alerts_.begin(), first_alerts_.end(), [&](const FirstAlert& one) {
        return one.track_id == vehicle->track_id && one.epoch == alert.epoch &&
               one.camera == alert.camera;
      });
  const auto* passed = std::get_if<AlertPass>(&alert.about);
  if (!passed) {
    if (first != first_alerts_.end()) return std::nullopt;
    first_alerts_.push_back({alert.camera, alert.epoch, vehicle->track_id, alert.t_s});
    if (first_alerts_.size() > kMostVehicles) first_alerts_.pop_front();
    return std::nullopt;
  }
  Pass pass;
  pass.id = alert.id;
  pass.ride = alert.keeping.ride;
  pass.camera = alert.camera;
  pass.time = alert.time;
  pass.close = alert.kind == AlertKind::close_pass;
  pass.vehicle_class = vehicle->vehicle_class;
  pass.side = vehicle->side;
  pass.lateral_m = vehicle->lateral_m;
  pass.closing_mps = vehicle->closing_mps;
  pass.position = alert.position;
  pass.rider_speed_mps = alert.rider_speed_mps;
  const auto on = rides_.find(alert.camera);
  if (pass.ride && on != rides_.end() && on->second.ride.id == *pass.ride && on->second.counted)
    pass.ride_distance_m = on->second.ride.travelled.distance_m;
  if (first != first_alerts_.end()) {
    pass.lead_s = passed->pass_t_s - first->t_s;
    first_alerts_.erase(first);
  }
  return pass;
}

void RideLog::forget(std::uint64_t ride) {
  std::erase_if(rides_, [ride](const auto& one) { return one.second.ride.id == ride; });
  std::erase_if(unwritten_, [ride](const StoredRide& one) { return one.id == ride; });
  std::erase_if(track_, [ride](const StoredPoint& one) { return one.ride == ride; });
}

const StoredRide* RideLog::going_on(std::uint64_t ride, SteadyTime now) const {
  for (const auto& [camera, on] : rides_) {
    if (on.ride.id == ride && on.newest && seconds_between(*on.newest, now) <= gap_s_)
      return &on.ride;
  }
  return nullptr;
}

}  // namespace rearview
