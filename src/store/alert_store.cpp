#include "store/alert_store.h"

#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/log.h"

namespace rearview {
namespace {

/// Ids reserved at a time. Those that a crash leaves unused are gaps, which are allowed.
constexpr std::uint64_t kReserved = 1000;
constexpr std::chrono::seconds kRetry(1);
/// How often a ride's end and track so far are written; a power cut may take that much of them.
constexpr std::chrono::seconds kIdle(5);
constexpr std::chrono::hours kRemoveOld(1);
/// Points of all tracks: 2,800 hours of riding in 500 MB, and in memory what 2 days need.
constexpr std::uint64_t kMostPointsOnDisk = 10'000'000;
constexpr std::uint64_t kMostPointsInMemory = 200'000;
/// Callers that may wait for the writer; far more than there are threads.
constexpr std::size_t kMostOperations = 64;
/// Told of and deleted before alerts have their turn again: neither they nor subscribers' queues
/// wait for, or are filled by, a ride of many thousands.
constexpr std::size_t kLeftoversAtATime = 200;

}  // namespace

AlertStore::AlertStore(const StoreConfig& config) : config_(config), media_(config.folder) {
  status_.persistent = !config_.folder.empty();
  try {
    database_ = std::make_unique<StoreDatabase>(config_.folder);
    newest_id_ = on_disk_id_ = database_->first_free_id() - 1;
    database_->reserve(newest_id_ + 1 + kReserved);
    rides_ = std::make_unique<RideLog>(config_.ride_gap_s, database_->latest_rides(),
                                       database_->newest_ride_id());
    sweep();
  } catch (const SQLite::Exception& e) {
    throw std::runtime_error(
        fmt::format("{}: alerts can't be stored: {}", config_.folder.string(), e.what()));
  }
  status_.media_bytes = database_->media_bytes();
  old_removed_ = SteadyClock::now() - kRemoveOld;
  writer_ = std::jthread([this](std::stop_token stop) { write(stop); });
}

AlertStore::~AlertStore() {
  if (!writer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    write_rides_ = true;
  }
  changed_.notify_all();
  flush();
  writer_.request_stop();
  writer_.join();
}

void AlertStore::sweep() {
  if (config_.folder.empty()) return;
  StoreDatabase::Media gone = database_->media();
  MediaFolder::Found found;
  const std::size_t deleted = media_.sweep(gone.snapshots, gone.clips, found);
  for (const std::uint64_t id : found.snapshots) gone.snapshots.erase(id);
  for (const std::uint64_t id : found.clips) gone.clips.erase(id);
  for (const std::uint64_t id : gone.clips) media_.remove_clip(id);
  if (!gone.snapshots.empty() || !gone.clips.empty()) database_->forget(gone);
  if (deleted > 0) log::info("store", "unfinished files deleted", {{"files", deleted}});
  if (!gone.snapshots.empty() || !gone.clips.empty())
    log::warning("store", "files are missing",
                 {{"snapshots", gone.snapshots.size()}, {"clips", gone.clips.size()}});
}

Alert AlertStore::append(Alert alert) {
  {
    const std::lock_guard lock(mutex_);
    alert.id = ++newest_id_;
    alert.keeping = Keeping{.ride = rides_->current(alert.camera, SteadyClock::now())};
    if (alert.blind_s) rides_->was_unseen(alert.camera, *alert.blind_s, SteadyClock::now());
    if (auto pass = rides_->note(alert)) passes_.push_back(std::move(*pass));
    recent_.push_back(alert);
    make_room();
  }
  changed_.notify_all();
  return alert;
}

void AlertStore::make_room() {
  while (recent_.size() > config_.alerts_in_memory) {
    const std::uint64_t leaving = recent_.front().id;
    if (leaving > on_disk_id_) {
      // What the disk is taking just now stays readable here until it is readable there.
      if (leaving <= writing_id_ && recent_.size() <= 2 * config_.alerts_in_memory) return;
      on_disk_id_ = leaving;
      ++status_.lost;
      if (!passes_.empty() && passes_.front().id <= leaving) passes_.pop_front();
    }
    recent_.pop_front();
  }
}

void AlertStore::camera_seen(const std::string& camera, WallTime time, bool road_seen) {
  {
    const std::lock_guard lock(mutex_);
    if (!rides_->seen(camera, time, SteadyClock::now(), road_seen)) return;
    write_rides_ = true;
  }
  changed_.notify_all();
}

void AlertStore::camera_unseen(const std::string& camera) {
  const std::lock_guard lock(mutex_);
  rides_->unseen(camera);
}

void AlertStore::rider_moved(const RiderFix& fix, bool keep_track) {
  const std::lock_guard lock(mutex_);
  rides_->moved(fix, keep_track);
}

AlertStore::Batch AlertStore::take_batch() {
  Batch batch;
  std::copy_if(recent_.begin(), recent_.end(), std::back_inserter(batch.alerts),
               [this](const Alert& a) { return a.id > on_disk_id_; });
  batch.passes.assign(passes_.begin(), passes_.end());
  batch.rides = rides_->take_changed();
  batch.track = rides_->take_track();
  batch.operations.assign(operations_.begin(), operations_.end());
  operations_.clear();
  write_rides_ = false;
  return batch;
}

void AlertStore::write_batch(Batch& batch, bool reopen) {
  if (reopen) database_->reopen();
  if (!batch.alerts.empty()) database_->reserve(batch.alerts.back().id + kReserved);
  if (!batch.alerts.empty() || !batch.rides.empty())
    database_->insert(batch.alerts, batch.passes, batch.rides, batch.track);
  if (!batch.alerts.empty()) {
    // In memory the database is only as large as the memory that was asked for.
    const std::size_t keep =
        database_->in_memory() ? config_.alerts_in_memory : config_.alerts_on_disk;
    forget(database_->remove_surplus(keep, first_held()));
  }
  if (SteadyClock::now() - old_removed_ >= kRemoveOld) remove_old(*database_);
  for (const auto& operation : batch.operations) {
    try {
      operation->run(*database_);
    } catch (const std::exception& e) {
      operation->error = e.what();
    }
  }
}

void AlertStore::write(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait_for(lock, stop, kIdle, [this] {
      return on_disk_id_ < newest_id_ || write_rides_ || !operations_.empty() ||
             !leftovers_.empty();
    });
    Batch batch = take_batch();
    if (!batch.alerts.empty()) writing_id_ = batch.alerts.back().id;
    const bool reopen = !status_.problem.empty();
    std::string problem;
    lock.unlock();
    try {
      write_batch(batch, reopen);
    } catch (const std::exception& e) {
      problem = e.what();
    }
    clear_leftovers();
    lock.lock();
    for (const auto& operation : batch.operations) {
      operation->done = true;
      if (!problem.empty()) operation->error = problem;
    }
    ++attempts_;
    writing_id_ = 0;
    if (problem.empty()) {
      if (!batch.alerts.empty()) on_disk_id_ = std::max(on_disk_id_, batch.alerts.back().id);
      for (std::size_t i = 0; i < batch.passes.size() && !passes_.empty() &&
                              passes_.front().id <= batch.passes.back().id;
           ++i)
        passes_.pop_front();
    } else {
      rides_->give_back(batch.rides, batch.track);
    }
    status_.track_points_lost = rides_->lost_points();
    status_.media_bytes = database_->media_bytes();
    if (problem.empty() != status_.problem.empty()) {
      if (problem.empty())
        log::info("store", "alerts are stored again", {{"lost", status_.lost}});
      else
        log::error("store", "alerts can't be stored; they are still sent", {{"why", problem}});
    }
    status_.problem = problem;
    changed_.notify_all();
    if (!problem.empty()) changed_.wait_for(lock, stop, kRetry, [] { return false; });
  }
  while (!leftovers_.empty()) clear_leftovers();
  stopped_ = true;
  for (const auto& operation : operations_) {
    operation->done = true;
    operation->error = "the store is closing";
  }
  changed_.notify_all();
}

void AlertStore::perform(std::function<void(StoreDatabase&)> run) {
  const auto operation = std::make_shared<Operation>();
  operation->run = std::move(run);
  std::unique_lock lock(mutex_);
  if (stopped_ || operations_.size() >= kMostOperations)
    throw std::runtime_error(stopped_ ? "the store is closing" : "the store is busy");
  operations_.push_back(operation);
  changed_.notify_all();
  changed_.wait(lock, [&] { return operation->done; });
  if (!operation->error.empty()) throw std::runtime_error(operation->error);
}

bool AlertStore::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = newest_id_;
  const std::uint64_t attempt = attempts_ + 1;  // one may be under way with less than all
  changed_.wait(lock, [&] {
    return (on_disk_id_ >= wanted && !write_rides_) ||
           (attempts_ > attempt && !status_.problem.empty());
  });
  return on_disk_id_ >= wanted && status_.problem.empty();
}

void AlertStore::remove_old(StoreDatabase& database) {
  old_removed_ = SteadyClock::now();
  database.remove_surplus_history(database.in_memory() ? config_.alerts_in_memory
                                                       : config_.alerts_on_disk);
  database.remove_surplus_tracks(database.in_memory() ? kMostPointsInMemory : kMostPointsOnDisk);
  trim_media(database);
  if (config_.keep_days == 0) return;
  const WallTime oldest = WallClock::now() - std::chrono::hours(24) * config_.keep_days;
  database.remove_older_positions(oldest);
  for (;;) {
    const Removed removed = database.remove_older(oldest, first_held());
    if (removed.alerts.empty()) break;
    forget(removed);
  }
}

void AlertStore::trim_media(StoreDatabase& database) {
  bool full = false;
  while (database.media_bytes() > config_.media_bytes) {
    const Removed removed = database.remove_oldest_media(first_held());
    full = removed.snapshots.empty() && removed.clips.empty();
    if (full) break;
    forget(removed);
  }
  const std::lock_guard lock(mutex_);
  media_full_ = full;
}

void AlertStore::forget(const Removed& removed) {
  for (const std::uint64_t alert : removed.snapshots) media_.remove_snapshot(alert);
  for (const std::uint64_t clip : removed.clips) media_.remove_clip(clip);
  forget_in_memory(removed);
}

void AlertStore::forget_in_memory(const Removed& removed) {
  const std::lock_guard lock(mutex_);
  const std::set<std::uint64_t> alerts(removed.alerts.begin(), removed.alerts.end());
  const std::set<std::uint64_t> snapshots(removed.snapshots.begin(), removed.snapshots.end());
  const std::set<std::uint64_t> clipless(removed.clipless.begin(), removed.clipless.end());
  if (!alerts.empty())
    std::erase_if(recent_, [&](const Alert& one) { return alerts.contains(one.id); });
  if (snapshots.empty() && clipless.empty()) return;
  for (Alert& alert : recent_) {
    if (snapshots.contains(alert.id)) alert.keeping->has_snapshot = false;
    if (clipless.contains(alert.id)) alert.keeping->has_clip = false;
  }
}

void AlertStore::tell_of(const std::vector<std::uint64_t>& alerts) const {
  if (!tell_) return;
  for (const std::uint64_t id : alerts) {
    const auto kept = alert(id);
    tell_({id, kept ? kept->keeping : std::nullopt});
  }
}

void AlertStore::mark(const std::vector<std::uint64_t>& alerts,
                      const std::function<void(Keeping&)>& change) {
  const std::lock_guard lock(mutex_);
  for (Alert& alert : recent_) {
    if (std::find(alerts.begin(), alerts.end(), alert.id) != alerts.end()) change(*alert.keeping);
  }
}

void AlertStore::hold(std::uint64_t alert) {
  const std::lock_guard lock(mutex_);
  held_.insert(alert);
}

void AlertStore::release(const std::vector<std::uint64_t>& alerts) {
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t alert : alerts) {
    if (const auto one = held_.find(alert); one != held_.end()) held_.erase(one);
  }
}

std::uint64_t AlertStore::first_held() const {
  const std::lock_guard lock(mutex_);
  return held_.empty() ? static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
                       : *held_.begin();
}

bool AlertStore::attach_snapshot(std::uint64_t alert, std::uint64_t bytes) {
  bool known = false;
  perform([&](StoreDatabase& database) {
    known = database.set_snapshot(alert, bytes);
    if (!known) return;
    mark({alert}, [](Keeping& keeping) { keeping.has_snapshot = true; });
    trim_media(database);
    tell_of({alert});
  });
  return known;
}

bool AlertStore::attach_clip(std::uint64_t clip, const std::vector<std::uint64_t>& alerts,
                             std::uint64_t bytes) {
  bool known = false;
  perform([&](StoreDatabase& database) {
    known = database.add_clip(clip, alerts, bytes);
    if (!known) return;
    mark(alerts, [](Keeping& keeping) { keeping.has_clip = true; });
    trim_media(database);
    tell_of(alerts);
  });
  return known;
}

std::string AlertStore::no_room_for_media() const {
  const std::lock_guard lock(mutex_);
  return media_full_
             ? fmt::format("locked alerts fill the {} bytes of media_bytes", config_.media_bytes)
             : std::string();
}

void AlertStore::note(const std::function<void(StoreStatus&)>& change) {
  const std::lock_guard lock(mutex_);
  change(status_);
}

Change AlertStore::set_locked(std::uint64_t alert, bool locked) {
  bool known = false;
  perform([&](StoreDatabase& database) {
    known = database.set_locked(alert, locked);
    if (!known) return;
    mark({alert}, [locked](Keeping& keeping) { keeping.locked = locked; });
    trim_media(database);
    tell_of({alert});
  });
  return known ? Change::done : Change::unknown;
}

Change AlertStore::remove(std::uint64_t alert) {
  Change change = Change::done;
  perform([&](StoreDatabase& database) {
    {
      const std::lock_guard lock(mutex_);
      if (held_.contains(alert)) {
        change = Change::open;
        return;
      }
    }
    const Removed removed = database.remove(alert);
    if (removed.alerts.empty()) {
      change = media_of(alert) ? Change::locked : Change::unknown;
      return;
    }
    forget(removed);
    trim_media(database);
    tell_of({alert});
  });
  return change;
}

RideChange AlertStore::remove_ride(std::uint64_t ride) {
  RideChange result;
  perform([&](StoreDatabase& database) {
    const auto locked = database.locked_in_ride(ride);
    if (!locked || *locked > 0) {
      result = {locked ? Change::locked : Change::unknown, locked.value_or(0)};
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      const bool busy = std::any_of(recent_.begin(), recent_.end(), [&](const Alert& one) {
        return one.keeping->ride == ride &&
               (one.id > std::max(on_disk_id_, writing_id_) || held_.contains(one.id));
      });
      if (busy || rides_->going_on(ride, SteadyClock::now())) {
        result.change = Change::open;
        return;
      }
      rides_->forget(ride);  // or its camera, coming back, would go on with it
    }
    const Removed removed = database.remove_ride(ride);
    forget_in_memory(removed);
    const std::set<std::uint64_t> snapshots(removed.snapshots.begin(), removed.snapshots.end());
    for (const std::uint64_t alert : removed.alerts)
      leftovers_.push_back({.alert = alert, .has_snapshot = snapshots.contains(alert)});
    for (const std::uint64_t clip : removed.clips) leftovers_.push_back({.clip = clip});
  });
  return result;
}

void AlertStore::clear_leftovers() {
  for (std::size_t i = 0; i < kLeftoversAtATime && !leftovers_.empty(); ++i) {
    const Leftover one = leftovers_.front();
    leftovers_.pop_front();
    if (one.alert && tell_) tell_({*one.alert, std::nullopt});
    if (one.alert && one.has_snapshot) media_.remove_snapshot(*one.alert);
    if (one.clip) media_.remove_clip(*one.clip);
  }
}

}  // namespace rearview
