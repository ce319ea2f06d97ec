#include "store/alert_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "types/json.h"

namespace rearview {
namespace {

/// Callers that may wait for the writer; far more than there are threads.
constexpr std::size_t kMostOperations = 64;

}  // namespace

AlertStore::AlertStore(const StoreConfig& config, Worker::Failure failure)
    : config_(config), media_(config.folder), database_(config.folder) {
  status_.persistent = !config_.folder.empty();
  try {
    const NextIds next = open();
    rides_ = std::make_unique<RideLog>(config_.ride_gap_s, database_.latest_rides(), next.ride - 1);
    sweep();
  } catch (const std::exception& e) {
    failed(e);
    is_anothers_ = dynamic_cast<const FolderTaken*>(&e) != nullptr;
    const NextIds next = database_.first_free();
    newest_id_ = std::max(next.alert, unreserved_id()) - 1;
    rides_ = std::make_unique<RideLog>(config_.ride_gap_s, std::vector<StoredRide>(),
                                       std::max(next.ride, unreserved_id()) - 1);
  }
  writer_.persist(
      "store",
      [this](const std::stop_token& stop) {
        try {
          write(stop);
        } catch (...) {
          if (stop.stop_requested()) end_waiting();
          throw;
        }
        end_waiting();
      },
      std::move(failure));
}

AlertStore::~AlertStore() {
  {
    const MutexLock lock(mutex_);
    write_rides_ = true;
  }
  changed_.notify_all();
  flush();
  writer_.stop();
}

void AlertStore::sweep() {
  if (config_.folder.empty()) return;
  StoreDatabase::Media gone = database_.media();
  MediaFolder::Found found;
  const std::size_t deleted = media_.sweep(gone.snapshots, gone.clips, found);
  for (const std::uint64_t id : found.snapshots) gone.snapshots.erase(id);
  for (const std::uint64_t id : found.clips) gone.clips.erase(id);
  for (const std::uint64_t id : gone.clips) media_.remove_clip(id);
  if (!gone.snapshots.empty() || !gone.clips.empty()) database_.forget(gone);
  {
    const MutexLock lock(mutex_);
    status_.media_bytes = database_.media_bytes();
  }
  if (deleted > 0) log::info("store", "unfinished files deleted", {{"files", deleted}});
  if (!gone.snapshots.empty() || !gone.clips.empty())
    log::warning("store", "files are missing",
                 {{"snapshots", gone.snapshots.size()}, {"clips", gone.clips.size()}});
}

std::uint64_t AlertStore::unreserved_id() {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms(WallClock::now()), 1));
}

std::uint64_t AlertStore::next_id() {
  ++newest_id_;
  if (newest_id_ >= reserved_id_) newest_id_ = std::max(newest_id_, unreserved_id());
  return newest_id_;
}

KeptAlert AlertStore::append(Alert alert) {
  alert.text = valid_utf8(alert.text);
  KeptAlert one;
  {
    const MutexLock lock(mutex_);
    alert.id = next_id();
    if (const auto* blind = std::get_if<AlertBlindness>(&alert.about))
      rides_->was_unseen(alert.camera, blind->blind_s, SteadyClock::now());
    const auto ride = rides_->current(alert.camera, SteadyClock::now());
    one = kept(std::move(alert), {.ride = ride});
    if (auto pass = rides_->note(one)) passes_.push_back(std::move(*pass));
    recent_.push_back(one);
    make_room();
  }
  changed_.notify_all();
  return one;
}

void AlertStore::make_room() {
  while (recent_.size() > config_.alerts_in_memory) {
    const std::uint64_t leaving = recent_.front().id;
    if (leaving > on_disk_id_) {
      // What the disk is taking just now stays readable here until it is readable there.
      if (leaving <= writing_id_ && recent_.size() <= 2 * config_.alerts_in_memory) return;
      on_disk_id_ = leaving;
      ++status_.lost;
    }
    while (!passes_.empty() && passes_.front().id <= leaving) passes_.pop_front();
    recent_.pop_front();
  }
}

bool AlertStore::unwritten() const {
  return !recent_.empty() && recent_.back().id > on_disk_id_;
}

void AlertStore::camera_seen(const std::string& camera, WallTime time, bool road_seen) {
  {
    const MutexLock lock(mutex_);
    if (!rides_->seen(camera, time, SteadyClock::now(), road_seen)) return;
    write_rides_ = true;
  }
  changed_.notify_all();
}

void AlertStore::camera_unseen(const std::string& camera) {
  const MutexLock lock(mutex_);
  rides_->unseen(camera);
}

void AlertStore::rider_moved(const RiderFix& fix, bool keep_track) {
  const MutexLock lock(mutex_);
  rides_->moved(fix, keep_track);
}

void AlertStore::on_change(std::function<void(const AlertUpdate&)> handler) {
  const MutexLock lock(tell_mutex_);
  tell_change_ = std::move(handler);
}

void AlertStore::on_alert(std::function<void(const KeptAlert&)> handler) {
  {
    const MutexLock lock(tell_mutex_);
    tell_alert_ = std::move(handler);
  }
  changed_.notify_all();
}

void AlertStore::on_missed(std::function<void(const MissedUpdate&)> handler) {
  const MutexLock lock(tell_mutex_);
  tell_missed_ = std::move(handler);
}

void AlertStore::on_footage(std::function<bool(const Missed&)> source) {
  const MutexLock lock(tell_mutex_);
  footage_ = std::move(source);
}

void AlertStore::quiet() {
  on_change({});
  on_alert({});
  on_missed({});
  on_footage({});
}

void AlertStore::perform(std::function<void(StoreDatabase&)> run) {
  const auto operation = std::make_shared<Operation>();
  operation->run = std::move(run);
  MutexLock lock(mutex_);
  if (stopped_ || operations_.size() >= kMostOperations)
    throw std::runtime_error(stopped_ ? "the store is closing" : "the store is busy");
  operations_.push_back(operation);
  changed_.notify_all();
  changed_.wait(lock, [&] { return operation->done; });
  if (!operation->error.empty()) throw std::runtime_error(operation->error);
}

bool AlertStore::flush() {
  MutexLock lock(mutex_);
  const std::uint64_t wanted = recent_.empty() ? 0 : recent_.back().id;
  const std::uint64_t attempt = attempts_ + 1;  // one may be under way with less than all
  changed_.wait(lock, [&]() REQUIRES(mutex_) {
    return stopped_ || (on_disk_id_ >= wanted && !write_rides_) ||
           (attempts_ > attempt && !status_.problem.empty());
  });
  return !stopped_ && on_disk_id_ >= wanted && status_.problem.empty();
}

void AlertStore::forget(const Removed& removed) {
  for (const std::uint64_t alert : removed.snapshots) media_.remove_snapshot(alert);
  for (const std::uint64_t clip : removed.clips) media_.remove_clip(clip);
  forget_in_memory(removed);
}

void AlertStore::forget_in_memory(const Removed& removed) {
  const MutexLock lock(mutex_);
  const std::set<std::uint64_t> alerts(removed.alerts.begin(), removed.alerts.end());
  const std::set<std::uint64_t> snapshots(removed.snapshots.begin(), removed.snapshots.end());
  const std::set<std::uint64_t> clipless(removed.clipless.begin(), removed.clipless.end());
  if (!alerts.empty())
    std::erase_if(recent_, [&](const Alert& one) { return alerts.contains(one.id); });
  if (!alerts.empty())
    std::erase_if(passes_, [&](const Pass& one) { return alerts.contains(one.id); });
  if (snapshots.empty() && clipless.empty()) return;
  for (KeptAlert& alert : recent_) {
    if (snapshots.contains(alert.id)) alert.keeping.has_snapshot = false;
    if (clipless.contains(alert.id)) alert.keeping.has_clip = false;
  }
}

void AlertStore::tell_of(const std::vector<std::uint64_t>& alerts) const {
  const MutexLock lock(tell_mutex_);
  for (const std::uint64_t id : alerts) {
    const auto found = alert(id);
    const auto moment = found ? std::vector<Missed>() : missed({.after = id - 1, .limit = 1});
    if (!moment.empty() && moment.front().id == id) {
      if (tell_missed_) tell_missed_({false, moment.front()});
    } else if (tell_change_) {
      tell_change_({id, !found, found ? found->keeping : Keeping{}});
    }
  }
}

void AlertStore::tell_of_missed(const MissedUpdate& update) const {
  const MutexLock lock(tell_mutex_);
  if (tell_missed_) tell_missed_(update);
}

void AlertStore::mark(const std::vector<std::uint64_t>& alerts,
                      const std::function<void(Keeping&)>& change) {
  const MutexLock lock(mutex_);
  for (KeptAlert& alert : recent_) {
    if (std::find(alerts.begin(), alerts.end(), alert.id) != alerts.end()) change(alert.keeping);
  }
}

void AlertStore::hold(std::uint64_t alert) {
  const MutexLock lock(mutex_);
  held_.insert(alert);
}

void AlertStore::release(const std::vector<std::uint64_t>& alerts) {
  const MutexLock lock(mutex_);
  for (const std::uint64_t alert : alerts) {
    if (const auto one = held_.find(alert); one != held_.end()) held_.erase(one);
  }
}

std::uint64_t AlertStore::first_held() const {
  const MutexLock lock(mutex_);
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

bool AlertStore::attach_clip(std::uint64_t clip, const std::vector<std::uint64_t>& of,
                             std::uint64_t bytes, const std::optional<ClipSpan>& span) {
  bool known = false;
  perform([&](StoreDatabase& database) {
    known = database.add_clip(clip, of, bytes, span);
    if (!known) return;
    mark(of, [](Keeping& keeping) { keeping.has_clip = true; });
    trim_media(database);
    tell_of(of);
  });
  return known;
}

std::string AlertStore::no_room_for_media() const {
  const MutexLock lock(mutex_);
  if (!status_.problem.empty()) return status_.problem;
  return media_full_
             ? fmt::format("locked alerts fill the {} bytes of media_bytes", config_.media_bytes)
             : std::string();
}

void AlertStore::note(const std::function<void(StoreStatus&)>& change) {
  const MutexLock lock(mutex_);
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

Change AlertStore::set_mark(std::uint64_t alert, std::optional<Mark> mark) {
  bool known = false;
  perform([&](StoreDatabase& database) {
    known = database.set_mark(alert, mark);
    if (!known) return;
    this->mark({alert}, [mark](Keeping& keeping) { keeping.mark = mark; });
    tell_of({alert});
  });
  return known ? Change::done : Change::unknown;
}

std::optional<Missed> AlertStore::add_missed(Missed moment) {
  moment.note = valid_utf8(moment.note);
  bool known = false;
  perform([&](StoreDatabase& database) {
    const auto ride = database.ride_at(moment.camera, moment.time, config_.ride_gap_s);
    if (!ride) return;
    known = true;
    moment.ride = *ride;
    {
      const MutexLock lock(mutex_);
      moment.id = next_id();
    }
    database.add_missed(moment);
    {
      const MutexLock lock(tell_mutex_);
      if (footage_ && footage_(moment)) moment.clip = ClipState::coming;
    }
    // What the camera sent last shows more of what came before than another vehicle's clip.
    if (moment.clip == ClipState::none && database.lend_clip(moment.id))
      moment.clip = ClipState::kept;
    const Removed removed = database.remove_surplus_missed(kMostMissed);
    forget(removed);
    for (const Missed& one : removed.missed) tell_of_missed({true, one});
    tell_of_missed({false, moment});
  });
  return known ? std::optional(moment) : std::nullopt;
}

Change AlertStore::remove_missed(std::uint64_t moment) {
  Change change = Change::done;
  perform([&](StoreDatabase& database) {
    {
      const MutexLock lock(mutex_);
      if (held_.contains(moment)) {
        change = Change::open;
        return;
      }
    }
    const Removed removed = database.remove_missed(moment);
    if (removed.missed.empty()) change = Change::unknown;
    forget(removed);
    for (const Missed& one : removed.missed) tell_of_missed({true, one});
  });
  return change;
}

Change AlertStore::remove(std::uint64_t alert) {
  Change change = Change::done;
  perform([&](StoreDatabase& database) {
    {
      const MutexLock lock(mutex_);
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
      const MutexLock lock(mutex_);
      const bool busy =
          std::any_of(recent_.begin(), recent_.end(), [&](const KeptAlert& one) REQUIRES(mutex_) {
            return one.keeping.ride == ride &&
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
    for (const Missed& moment : removed.missed) leftovers_.push_back({.missed = moment});
  });
  return result;
}

}  // namespace rearview
