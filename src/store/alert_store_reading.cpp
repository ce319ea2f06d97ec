#include <algorithm>
#include <utility>

#include "base/log.h"
#include "store/alert_store.h"

namespace rearview {

StoreStatus AlertStore::status() const {
  const MutexLock lock(mutex_);
  StoreStatus status = status_;
  if (status.persistent)
    status.waiting = static_cast<std::size_t>(
        std::count_if(recent_.begin(), recent_.end(),
                      [known = on_disk_id_](const Alert& alert) { return alert.id > known; }));
  return status;
}

std::vector<KeptAlert> AlertStore::alerts(const AlertQuery& query) const {
  std::vector<KeptAlert> recent;
  std::uint64_t first_recent = 0;
  {
    const MutexLock lock(mutex_);
    first_recent = recent_.empty() ? newest_id_ + 1 : recent_.front().id;
    recent = recent_alerts(query);
  }
  if (query.after + 1 >= first_recent) return recent;
  // What had left memory by then is on disk. Memory first: what leaves it while the disk is being
  // read would else be in neither.
  std::vector<KeptAlert> found;
  try {
    found = database_.read(
        [&](const StoreReader& reader) { return reader.alerts(query, first_recent); });
  } catch (const std::exception& e) {
    // Who waits for a warning must not wait for the disk.
    log::warning("store", "older alerts can't be read", {{"why", e.what()}});
  }
  for (KeptAlert& alert : recent) {
    if (found.size() >= query.limit) break;
    found.push_back(std::move(alert));
  }
  return found;
}

std::vector<KeptAlert> AlertStore::recent_alerts(const AlertQuery& query) const {
  std::vector<KeptAlert> found;
  auto it = std::partition_point(recent_.begin(), recent_.end(),
                                 [&](const Alert& a) { return a.id <= query.after; });
  for (; it != recent_.end() && found.size() < query.limit; ++it) {
    if (query.camera && it->camera != *query.camera) continue;
    if (query.kind && it->kind != *query.kind) continue;
    found.push_back(*it);
  }
  return found;
}

std::optional<KeptAlert> AlertStore::alert(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = alerts({.after = id - 1, .limit = 1});
  if (found.empty() || found.front().id != id) return std::nullopt;
  return found.front();
}

std::uint64_t AlertStore::newest_id() const {
  const MutexLock lock(mutex_);
  return newest_id_;
}

std::optional<AlertMedia> AlertStore::media_of(std::uint64_t alert) const {
  return database_.read([alert](const StoreReader& reader) { return reader.media(alert); });
}

std::optional<std::filesystem::path> AlertStore::snapshot(std::uint64_t alert) const {
  const auto has = media_of(alert);
  if (!has || !has->snapshot) return std::nullopt;
  return media_.snapshot(alert);
}

std::optional<std::filesystem::path> AlertStore::clip(std::uint64_t alert) const {
  const auto has = media_of(alert);
  if (!has || !has->clip) return std::nullopt;
  return media_.clip(*has->clip);
}

std::optional<std::filesystem::path> AlertStore::tracks(std::uint64_t alert) const {
  const auto has = media_of(alert);
  if (!has || !has->clip) return std::nullopt;
  return media_.tracks(*has->clip);
}

std::vector<Ride> AlertStore::rides(const RideQuery& query) const {
  std::vector<Ride> found =
      database_.read([&](const StoreReader& reader) { return reader.rides(query); });
  const SteadyTime now = SteadyClock::now();
  const MutexLock lock(mutex_);
  for (Ride& ride : found) {
    const StoredRide* on = rides_->going_on(ride.id, now);
    if (!on) continue;
    ride.end.reset();
    ride.duration_s = on->duration_s;
    ride.travelled = on->travelled;
    ride.unseen = on->unseen;
  }
  return found;
}

std::optional<Ride> AlertStore::ride(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = rides({.after = id - 1, .limit = 1});
  if (found.empty() || found.front().id != id) return std::nullopt;
  return found.front();
}

std::vector<Pass> AlertStore::passes(const PassQuery& query) const {
  return database_.read([&](const StoreReader& reader) { return reader.passes(query); });
}

std::vector<Missed> AlertStore::missed(const MissedQuery& query) const {
  std::vector<Missed> found =
      database_.read([&](const StoreReader& reader) { return reader.missed(query); });
  const MutexLock lock(mutex_);
  for (Missed& moment : found) {
    if (moment.clip == ClipState::none && held_.contains(moment.id))
      moment.clip = ClipState::coming;
  }
  return found;
}

std::string AlertStore::epoch() const {
  return database_.read([](const StoreReader& reader) { return reader.epoch(); });
}

std::optional<std::filesystem::path> AlertStore::missed_clip(std::uint64_t moment) const {
  const auto clip =
      database_.read([moment](const StoreReader& reader) { return reader.clip_of_missed(moment); });
  return clip ? std::optional(media_.clip(*clip)) : std::nullopt;
}

std::optional<std::filesystem::path> AlertStore::missed_tracks(std::uint64_t moment) const {
  const auto clip =
      database_.read([moment](const StoreReader& reader) { return reader.clip_of_missed(moment); });
  return clip ? std::optional(media_.tracks(*clip)) : std::nullopt;
}

std::vector<TrackPoint> AlertStore::track(std::uint64_t ride) const {
  return database_.read([ride](const StoreReader& reader) { return reader.track(ride); });
}

}  // namespace rearview
