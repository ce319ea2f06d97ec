#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/folder_lock.h"
#include "store/store_reader.h"

namespace rearview {

/// A ride as the database holds it.
struct StoredRide {
  std::uint64_t id = 0;
  std::string camera;
  WallTime start;
  WallTime seen;  ///< last picture
  double duration_s = 0;
  Travelled travelled;
  std::vector<Stretch> unseen;
};

/// Where the rider was on a ride.
struct StoredPoint {
  std::uint64_t ride = 0;
  TrackPoint point;
};

/// What a deletion took along; the files are the caller's to delete.
struct Removed {
  std::vector<std::uint64_t> alerts;
  std::vector<std::uint64_t> snapshots;  ///< by alert
  std::vector<std::uint64_t> clips;
  std::vector<std::uint64_t> clipless;  ///< alerts that stay without the clip they had
};

/// The SQLite file: a connection that writes, for one thread, and one that reads, for all. Throws
/// SQLite::Exception where a write or a query fails, and has then changed nothing.
class StoreDatabase {
 public:
  /// Opens or makes folder/alerts.db; folder empty: a database in memory. Throws
  /// std::runtime_error for a folder or database that can't be used.
  explicit StoreDatabase(const std::filesystem::path& folder);
  ~StoreDatabase();

  bool in_memory() const { return file_.empty(); }

  /// The first id that was never reserved.
  std::uint64_t first_free_id();
  void reserve(std::uint64_t next_id);

  /// All in one transaction. passes: of some of the alerts; rides: new or changed ones; track: of
  /// these or older ones, passed over where the ride has a point of that second.
  void insert(const std::vector<Alert>& alerts, const std::vector<Pass>& passes,
              const std::vector<StoredRide>& rides, const std::vector<StoredPoint>& track = {});

  // Each of these is one transaction. False: there is no such alert (any more).
  bool set_snapshot(std::uint64_t alert, std::uint64_t bytes);
  bool add_clip(std::uint64_t clip, const std::vector<std::uint64_t>& alerts, std::uint64_t bytes);
  bool set_locked(std::uint64_t alert, bool locked);

  /// The alert, and the pass that it told.
  Removed remove(std::uint64_t alert);
  /// How many alerts of a ride are locked; nullopt: there is no such ride.
  std::optional<std::size_t> locked_in_ride(std::uint64_t ride);
  /// A ride with its alerts, locked or not, its passes and its track.
  Removed remove_ride(std::uint64_t ride);
  // Oldest first; what is locked, or has an id from `open` on, stays.
  /// Alerts over `keep`.
  Removed remove_surplus(std::size_t keep, std::uint64_t open);
  /// Alerts from before `time`, some at a time: call again until nothing is removed. A clock that
  /// was never set says nothing about age: alerts of before 2020 stay.
  Removed remove_older(WallTime time, std::uint64_t open);
  /// The oldest snapshot or clip. The alert stays.
  Removed remove_oldest_media(std::uint64_t open);

  /// Passes over `keep`, and rides likewise, with their tracks.
  void remove_surplus_history(std::size_t keep);
  // Of tracks and passes, never those of a locked alert. Rides and passes themselves stay.
  /// The oldest tracks, until all together have no more points than `keep`.
  void remove_surplus_tracks(std::uint64_t keep);
  /// Tracks of rides that ended before `time`, and where passes of before it were.
  void remove_older_positions(WallTime time);

  /// Which files there should be, by number.
  struct Media {
    std::set<std::uint64_t> snapshots;
    std::set<std::uint64_t> clips;
  };
  Media media();
  /// For files that went by other hands.
  void forget(const Media& gone);

  /// Of all snapshots and clips.
  std::uint64_t media_bytes() const { return media_bytes_; }

  /// The latest ride of each camera.
  std::vector<StoredRide> latest_rides();
  /// Of all that ever were.
  std::uint64_t newest_ride_id();

  /// Calls question with a StoreReader. Any thread.
  template <typename Question>
  auto read(const Question& question) const {
    const std::lock_guard lock(reader_mutex_);
    return question(StoreReader(reader_ ? *reader_ : *writer_));
  }

  /// After a failed write: the connection may hold a broken transaction.
  void reopen();

 private:
  class Change;

  void open_writer();
  void count();
  std::size_t insert_track(const std::vector<StoredPoint>& track);
  bool remove_track_where(const std::string& which, std::int64_t value);
  Removed remove_where(const std::string& which, std::int64_t value, bool with_passes = false);
  // What these do together, within one transaction and after it. Bytes of the files.
  std::uint64_t take_out(const std::string& which, std::int64_t value, Removed& removed);
  void count_out(const Removed& removed, std::uint64_t bytes);

  std::string file_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<SQLite::Database> writer_;
  mutable std::mutex reader_mutex_;
  std::unique_ptr<SQLite::Database> reader_;  ///< null in memory: there is one connection for all
  std::size_t alerts_ = 0;
  std::uint64_t media_bytes_ = 0;
  std::uint64_t track_points_ = 0;
};

}  // namespace rearview
