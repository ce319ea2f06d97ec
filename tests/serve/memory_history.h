#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "types/event_archive.h"
#include "types/json.h"

namespace rearview::test {

/// A store that forgets at the end of the program. Any thread.
class MemoryHistory final : public EventArchive {
 public:
  /// Gives the alert the next id and keeps it.
  KeptAlert store(Alert alert) {
    const std::lock_guard lock(mutex_);
    alert.id = ++newest_;
    return alerts_.emplace_back(kept(std::move(alert), {}));
  }
  /// Gives an alert files, whatever they hold.
  void attach(std::uint64_t id, const std::filesystem::path& snapshot,
              const std::filesystem::path& clip, const std::filesystem::path& tracks) {
    const std::lock_guard lock(mutex_);
    files_[id] = {snapshot, clip, tracks};
    for (KeptAlert& alert : alerts_) {
      if (alert.id == id) alert.keeping.has_snapshot = alert.keeping.has_clip = true;
    }
    for (Missed& moment : missed_) {
      if (moment.id == id) moment.clip = ClipState::kept;
    }
  }
  /// The next alert to be deleted is still being recorded.
  void set_open(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    open_ = id;
  }
  void set_history(std::vector<Ride> rides, std::vector<Pass> passes) {
    const std::lock_guard lock(mutex_);
    rides_ = std::move(rides);
    passes_ = std::move(passes);
  }
  /// Cameras are on a ride of this id; what is missed gets its clip where there is one to give.
  void set_ride_of_missed(std::optional<std::uint64_t> ride) {
    const std::lock_guard lock(mutex_);
    ride_of_missed_ = ride;
  }
  void set_status(StoreStatus status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  /// An id that is given out and belongs to no alert.
  void skip_id() {
    const std::lock_guard lock(mutex_);
    ++newest_;
  }

  std::vector<KeptAlert> alerts(const AlertQuery& query) const override {
    const std::lock_guard lock(mutex_);
    std::vector<KeptAlert> found;
    for (const KeptAlert& alert : alerts_) {
      if (found.size() >= query.limit) break;
      if (alert.id <= query.after) continue;
      if (query.camera && alert.camera != *query.camera) continue;
      if (query.kind && alert.kind != *query.kind) continue;
      found.push_back(alert);
    }
    return found;
  }
  std::optional<KeptAlert> alert(std::uint64_t id) const override {
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(alerts_.begin(), alerts_.end(),
                                 [id](const KeptAlert& one) { return one.id == id; });
    return it == alerts_.end() ? std::nullopt : std::optional(*it);
  }
  std::uint64_t newest_id() const override {
    const std::lock_guard lock(mutex_);
    return newest_;
  }
  std::optional<std::filesystem::path> snapshot(std::uint64_t id) const override {
    return file(id, 0);
  }
  std::optional<std::filesystem::path> clip(std::uint64_t id) const override { return file(id, 1); }
  std::optional<std::filesystem::path> tracks(std::uint64_t id) const override {
    return file(id, 2);
  }
  Change set_locked(std::uint64_t id, bool locked) override {
    const std::lock_guard lock(mutex_);
    if (!status_.problem.empty()) throw std::runtime_error(status_.problem);
    for (KeptAlert& alert : alerts_) {
      if (alert.id != id) continue;
      alert.keeping.locked = locked;
      return Change::done;
    }
    return Change::unknown;
  }
  Change set_mark(std::uint64_t id, std::optional<Mark> mark) override {
    const std::lock_guard lock(mutex_);
    if (!status_.problem.empty()) throw std::runtime_error(status_.problem);
    for (KeptAlert& alert : alerts_) {
      if (alert.id != id) continue;
      alert.keeping.mark = mark;
      return Change::done;
    }
    return Change::unknown;
  }
  std::vector<Missed> missed(const MissedQuery& query) const override {
    return page(missed_, query.after, query.limit,
                [&](const Missed& one) { return !query.ride || one.ride == *query.ride; });
  }
  std::optional<std::filesystem::path> missed_clip(std::uint64_t id) const override {
    return file(id, 1);
  }
  std::optional<std::filesystem::path> missed_tracks(std::uint64_t id) const override {
    return file(id, 2);
  }
  std::optional<Missed> add_missed(Missed moment) override {
    const std::lock_guard lock(mutex_);
    if (!status_.problem.empty()) throw std::runtime_error(status_.problem);
    if (!ride_of_missed_) return std::nullopt;
    moment.id = ++newest_;
    moment.ride = *ride_of_missed_;
    return missed_.emplace_back(moment);
  }
  Change remove_missed(std::uint64_t id) override {
    const std::lock_guard lock(mutex_);
    if (!status_.problem.empty()) throw std::runtime_error(status_.problem);
    if (id == open_) return Change::open;
    return std::erase_if(missed_, [id](const Missed& one) { return one.id == id; }) > 0
               ? Change::done
               : Change::unknown;
  }
  Change remove(std::uint64_t id) override {
    const std::lock_guard lock(mutex_);
    if (!status_.problem.empty()) throw std::runtime_error(status_.problem);
    if (id == open_) return Change::open;
    const auto it = std::find_if(alerts_.begin(), alerts_.end(),
                                 [id](const KeptAlert& one) { return one.id == id; });
    if (it == alerts_.end()) return Change::unknown;
    if (it->keeping.locked) return Change::locked;
    alerts_.erase(it);
    return Change::done;
  }
  RideChange remove_ride(std::uint64_t id) override {
    const std::lock_guard lock(mutex_);
    if (!status_.problem.empty()) throw std::runtime_error(status_.problem);
    const auto it =
        std::find_if(rides_.begin(), rides_.end(), [id](const Ride& one) { return one.id == id; });
    if (it == rides_.end()) return {Change::unknown};
    const auto of_ride = [id](const KeptAlert& one) { return one.keeping.ride == id; };
    const auto locked = std::count_if(alerts_.begin(), alerts_.end(), [&](const KeptAlert& one) {
      return of_ride(one) && one.keeping.locked;
    });
    if (locked > 0) return {Change::locked, static_cast<std::size_t>(locked)};
    if (!it->end) return {Change::open};
    std::erase_if(alerts_, of_ride);
    std::erase_if(passes_, [id](const Pass& one) { return one.ride == id; });
    rides_.erase(it);
    return {};
  }
  std::vector<Ride> rides(const RideQuery& query) const override {
    return page(rides_, query.after, query.limit, [](const Ride&) { return true; });
  }
  std::optional<Ride> ride(std::uint64_t id) const override {
    const auto found = rides({.after = id - 1, .limit = 1});
    return found.empty() || found[0].id != id ? std::nullopt : std::optional(found[0]);
  }
  std::vector<Pass> passes(const PassQuery& query) const override {
    return page(passes_, query.after, query.limit,
                [&](const Pass& pass) { return !query.ride || pass.ride == query.ride; });
  }
  std::vector<TrackPoint> track(std::uint64_t) const override { return {}; }
  std::string epoch() const override { return "epoch"; }
  StoreStatus status() const override {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  template <typename T, typename F>
  std::vector<T> page(const std::vector<T>& all, std::uint64_t after, std::size_t limit,
                      F wanted) const {
    const std::lock_guard lock(mutex_);
    std::vector<T> found;
    for (const T& one : all) {
      if (one.id > after && wanted(one) && found.size() < limit) found.push_back(one);
    }
    return found;
  }
  std::optional<std::filesystem::path> file(std::uint64_t id, std::size_t which) const {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(id);
    return found == files_.end() ? std::nullopt : std::optional(found->second.at(which));
  }

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::array<std::filesystem::path, 3>> files_;
  std::uint64_t open_ = 0;
  std::vector<Ride> rides_;
  std::vector<Pass> passes_;
  std::vector<Missed> missed_;
  std::optional<std::uint64_t> ride_of_missed_;
  StoreStatus status_;
  std::vector<KeptAlert> alerts_;
  std::uint64_t newest_ = 0;
};

}  // namespace rearview::test
