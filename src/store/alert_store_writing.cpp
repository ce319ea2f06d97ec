#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/log.h"
#include "base/thrown.h"
#include "store/alert_store.h"

namespace rearview {
namespace {

constexpr std::chrono::seconds kRetry(1);
/// How often a ride's end and track so far are written, and the files looked after; a power cut may
/// take that much of them.
constexpr std::chrono::seconds kIdle(2);
/// A store that has failed is well again when nothing has failed for so long: a disk that comes and
/// goes makes no flood of alerts.
constexpr std::chrono::seconds kWell(5);
constexpr std::chrono::hours kRemoveOld(1);
/// Points of all tracks: 2,800 hours of riding in 500 MB, and in memory what 2 days need.
constexpr std::uint64_t kMostPointsOnDisk = 10'000'000;
constexpr std::uint64_t kMostPointsInMemory = 200'000;
/// Told of and deleted before alerts have their turn again: neither they nor subscribers' queues
/// wait for, or are filled by, a ride of many thousands.
constexpr std::size_t kLeftoversAtATime = 200;

}  // namespace

NextIds AlertStore::open() {
  const StoreDatabase::Opened opened = database_.open();
  std::map<std::uint64_t, Keeping> kept;
  if (opened.another) {
    MutexLock lock(mutex_);
    const std::uint64_t first = recent_.empty() ? newest_id_ + 1 : recent_.front().id;
    lock.unlock();
    kept = database_.keeping(first);
  }
  const MutexLock lock(mutex_);
  // What this program reserved is still free.
  if (opened.next.alert > reserved_id_) newest_id_ = std::max(newest_id_, opened.next.alert - 1);
  reserved_id_ = database_.reserved_alerts();
  if (rides_) rides_->number_from(opened.next.ride - 1);
  if (opened.another) {
    // What is in memory goes into this one, too. Its pictures may be elsewhere.
    on_disk_id_ = 0;
    for (KeptAlert& alert : recent_) {
      const auto found = kept.find(alert.id);
      if (found != kept.end())
        alert.keeping = found->second;
      else
        alert.keeping.has_snapshot = alert.keeping.has_clip = false;
    }
    if (rides_) rides_->write_again();
  }
  status_.media_bytes = database_.media_bytes();
  status_.set_aside = database_.set_aside().string();
  is_anothers_ = false;
  if (!opened.set_aside.empty())
    in_trouble(fmt::format("{}; what was there is in {}, and a new store was begun",
                           opened.set_aside, status_.set_aside));
  return opened.next;
}

void AlertStore::in_trouble(const std::string& why) {
  untold_ = status_.last_problem = why;
  ++status_.failures;
  log::error("store", "alerts are sent, but their storage has failed", {{"why", why}});
}

void AlertStore::failed(const std::exception& failure) {
  database_.failed_by(failure);
  failed(std::string(failure.what()));
}

void AlertStore::failed(const std::string& problem) {
  const MutexLock lock(mutex_);
  if (status_.problem.empty()) in_trouble(problem);
  status_.problem = problem;
}

AlertStore::Batch AlertStore::take_batch() {
  Batch batch;
  const auto first =
      std::partition_point(recent_.begin(), recent_.end(),
                           [known = on_disk_id_](const Alert& a) { return a.id <= known; });
  batch.alerts.assign(first, recent_.end());
  if (!batch.alerts.empty())
    std::copy_if(passes_.begin(), passes_.end(), std::back_inserter(batch.passes),
                 [known = on_disk_id_](const Pass& pass) { return pass.id > known; });
  batch.rides = rides_->take_changed();
  batch.track = rides_->take_track();
  batch.next = {newest_id_ + 1, rides_->newest_id() + 1};
  write_rides_ = false;
  if (!batch.alerts.empty()) writing_id_ = batch.alerts.back().id;
  return batch;
}

void AlertStore::write_batch(const Batch& batch) {
  database_.reserve(batch.next);
  {
    const MutexLock lock(mutex_);
    reserved_id_ = database_.reserved_alerts();
  }
  if (!batch.alerts.empty() || !batch.rides.empty())
    note_rejected(database_.insert(batch.alerts, batch.passes, batch.rides, batch.track));
  if (!batch.alerts.empty()) {
    // In memory the database is only as large as the memory that was asked for.
    const std::size_t keep =
        database_.in_memory() ? config_.alerts_in_memory : config_.alerts_on_disk;
    forget(database_.remove_surplus(keep, first_held()));
  }
  if (!old_removed_ || SteadyClock::now() - *old_removed_ >= kRemoveOld) remove_old(database_);
}

void AlertStore::note_rejected(const std::vector<RejectedRow>& rows) {
  if (rows.empty()) return;
  log::error("store", "not everything can be stored",
             {{"rows", rows.size()}, {"first", rows.front().row}, {"why", rows.front().why}});
  const MutexLock lock(mutex_);
  status_.rejected += rows.size();
  status_.rejected_why = fmt::format("{}: {}", rows.front().row, rows.front().why);
}

bool AlertStore::store_what_waits() {
  Batch batch;
  try {
    const std::string broken = database_.broken();
    bool open_again = !broken.empty();
    {
      const MutexLock lock(mutex_);
      if (open_again && status_.problem.empty()) in_trouble(broken);
      open_again |= !status_.problem.empty();
    }
    if (open_again) open();
    {
      const MutexLock lock(mutex_);
      batch = take_batch();
    }
    write_batch(batch);
  } catch (const std::exception& e) {
    failed(e);
    const MutexLock lock(mutex_);
    rides_->give_back(batch.rides, batch.track);
    writing_id_ = 0;
    return false;
  }
  const MutexLock lock(mutex_);
  if (!batch.alerts.empty()) on_disk_id_ = std::max(on_disk_id_, batch.alerts.back().id);
  writing_id_ = 0;
  if (!status_.problem.empty())
    log::info("store", "alerts are stored again", {{"lost", status_.lost}});
  status_.problem.clear();
  return true;
}

void AlertStore::run(const std::vector<std::shared_ptr<Operation>>& operations) {
  if (operations.empty()) return;
  const std::string trouble = status().problem;
  for (const auto& operation : operations) {
    operation->error = trouble;
    if (!trouble.empty()) continue;
    try {
      operation->run(database_);
    } catch (const std::exception& e) {
      database_.failed_by(e);
      operation->error = e.what();
    } catch (...) {
      operation->error = thrown();
    }
  }
}

void AlertStore::write(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait_for(lock, stop, kIdle, [this]() REQUIRES(mutex_) {
      return unwritten() || write_rides_ || !operations_.empty() || !leftovers_.empty();
    });
    // They stay in the queue until they are done: whatever ends this thread, nobody waits for ever.
    const std::vector<std::shared_ptr<Operation>> operations(operations_.begin(),
                                                             operations_.end());
    lock.unlock();
    const bool stored = turn(operations);
    lock.lock();
    for (const auto& operation : operations) operation->done = true;
    operations_.erase(operations_.begin(),
                      operations_.begin() + static_cast<std::ptrdiff_t>(operations.size()));
    ++attempts_;
    status_.track_points_lost = rides_->lost_points();
    status_.media_bytes = database_.media_bytes();
    changed_.notify_all();
    if (!stored) changed_.wait_for(lock, stop, kRetry, [] { return false; });
  }
  lock.unlock();
  while (!leftovers_.empty()) clear_leftovers();
}

bool AlertStore::turn(const std::vector<std::shared_ptr<Operation>>& operations) {
  for (const auto& operation : operations) operation->error = "the store has failed";
  try {
    const bool stored = store_what_waits();
    run(operations);
    clear_leftovers();
    tell_of_trouble(stored);
    return stored;
  } catch (...) {
    failed(thrown());
    return false;
  }
}

void AlertStore::end_waiting() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (const auto& operation : operations_) {
    operation->done = true;
    operation->error = "the store is closing";
  }
  changed_.notify_all();
}

void AlertStore::tell_of_trouble(bool stored) {
  const SteadyTime now = SteadyClock::now();
  Alert alert;
  {
    const MutexLock lock(mutex_);
    if (!stored || !untold_.empty()) failed_at_ = now;
    if (!told_ && !untold_.empty()) {
      alert.kind = AlertKind::store_failed;
      alert.level = AlertLevel::warning;
      alert.text = untold_;
    } else if (told_ && now - failed_at_ > kWell) {
      alert.kind = AlertKind::store_back;
    } else {
      untold_.clear();
      return;
    }
  }
  const MutexLock lock(tell_mutex_);
  if (!tell_alert_) return;  // nobody listens yet, or no more
  told_ = alert.kind == AlertKind::store_failed;
  {
    const MutexLock guard(mutex_);
    untold_.clear();
  }
  alert.time = WallClock::now();
  tell_alert_(append(std::move(alert)));
}

void AlertStore::remove_old(StoreDatabase& database) {
  old_removed_ = SteadyClock::now();
  database.remove_surplus_history(database.in_memory() ? config_.alerts_in_memory
                                                       : config_.alerts_on_disk);
  forget(database.remove_surplus_missed(kMostMissed));
  database.remove_surplus_tracks(database.in_memory() ? kMostPointsInMemory : kMostPointsOnDisk);
  trim_media(database);
  if (config_.keep_days == 0) return;
  const WallTime oldest = WallClock::now() - std::chrono::hours(24) * config_.keep_days;
  database.remove_older_positions(oldest);
  forget(database.remove_older_missed(oldest));
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
  const MutexLock lock(mutex_);
  media_full_ = full;
}

void AlertStore::clear_leftovers() {
  for (std::size_t i = 0; i < kLeftoversAtATime && !leftovers_.empty(); ++i) {
    const Leftover one = leftovers_.front();
    leftovers_.pop_front();
    if (one.alert) {
      const MutexLock lock(tell_mutex_);
      if (tell_change_) tell_change_({.id = *one.alert, .deleted = true});
    }
    if (one.missed) tell_of_missed({true, *one.missed});
    if (one.alert && one.has_snapshot) media_.remove_snapshot(*one.alert);
    if (one.clip) media_.remove_clip(*one.clip);
  }
}

}  // namespace rearview
