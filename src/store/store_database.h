#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/folder_lock.h"
#include "store/number_mark.h"
#include "store/store_reader.h"
#include "store/watched_files.h"

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
  std::vector<Missed> missed;
};

/// One row that the database doesn't take, and why.
struct RejectedRow {
  std::string row;
  std::string why;
};

/// The SQLite file: a connection that writes, for one thread, and one that reads, for all. Throws
/// SQLite::Exception where a write or a query fails, and has then changed nothing;
/// std::runtime_error while it isn't open.
class StoreDatabase {
 public:
  /// Opens nothing yet. folder empty: a database in memory.
  explicit StoreDatabase(const std::filesystem::path& folder);
  ~StoreDatabase();

  bool in_memory() const { return folder_.empty(); }

  struct Opened {
    bool another = true;  ///< not the one that was open before
    NextIds next;         ///< free before more were reserved
    /// Why a database that was there was set aside, or its pictures; else empty.
    std::string set_aside;
  };
  /// Opens folder/alerts.db, or makes it. What was open is closed. A damaged database goes with its
  /// snapshots and clips into folder/set-aside-N, and so do snapshots and clips without a database;
  /// then a new one is made. Throws FolderTaken, or std::runtime_error where the folder can't be
  /// used or the database is of a newer version.
  Opened open();
  /// Why it has to be opened again: it isn't open, its files are gone or replaced, or something in
  /// it turned out to be damaged. Empty while all is well.
  std::string broken() const;
  /// Looks whether the failure says that the database is damaged.
  void failed_by(const std::exception& failure) const;
  /// The last folder with something set aside; empty where there is none.
  std::filesystem::path set_aside() const;

  /// What is free of the database and of the mark beside it, whichever is more. Works where the
  /// mark can be read, for a database that isn't open.
  NextIds first_free() const;
  /// On disk when it returns; not when that is so already.
  void reserve(const NextIds& next);
  /// Ids of alerts below it are reserved; in memory nobody could take them for others.
  std::uint64_t reserved_alerts() const;

  /// All in one transaction, but for the rows that it doesn't take, which it returns. passes: of
  /// some of the alerts; rides: new or changed ones; track: of these or older ones, passed over
  /// where the ride has a point of that second.
  std::vector<RejectedRow> insert(const std::vector<KeptAlert>& alerts,
                                  const std::vector<Pass>& passes,
                                  const std::vector<StoredRide>& rides,
                                  const std::vector<StoredPoint>& track = {});

  // Each of these is one transaction. False: there is no such alert (any more).
  bool set_snapshot(std::uint64_t alert, std::uint64_t bytes);
  /// of: alerts or missed moments. span: where it is known.
  bool add_clip(std::uint64_t clip, const std::vector<std::uint64_t>& of, std::uint64_t bytes,
                const std::optional<ClipSpan>& span);
  bool set_locked(std::uint64_t alert, bool locked);
  bool set_mark(std::uint64_t alert, std::optional<Mark> mark);

  /// The ride that a camera was on, or that had ended no more than gap_s before.
  std::optional<std::uint64_t> ride_at(const std::string& camera, WallTime time, int gap_s);
  void add_missed(const Missed& moment);
  /// Gives it the clip that shows its time; false: there is none.
  bool lend_clip(std::uint64_t moment);
  Removed remove_missed(std::uint64_t moment);
  /// The oldest over `keep`, and those of rides that are gone.
  Removed remove_surplus_missed(std::size_t keep);
  /// As remove_older().
  Removed remove_older_missed(WallTime time);

  /// The alert, and the pass that it told.
  Removed remove(std::uint64_t alert);
  /// How many alerts of a ride are locked; nullopt: there is no such ride.
  std::optional<std::size_t> locked_in_ride(std::uint64_t ride);
  /// A ride with its alerts, locked or not, its passes, missed moments and track.
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

  /// What is kept of the alerts from this one on.
  std::map<std::uint64_t, Keeping> keeping(std::uint64_t first);

  /// Calls question with a StoreReader. Any thread.
  template <typename Question>
  auto read(const Question& question) const {
    const MutexLock lock(reader_mutex_);
    SQLite::Database* connection = reader_ ? reader_.get() : in_memory() ? writer_.get() : nullptr;
    if (!connection) throw std::runtime_error("the store is not open");
    try {
      return question(StoreReader(*connection));
    } catch (const std::exception& e) {
      failed_by(e);
      throw;
    }
  }

 private:
  class Change;
  /// What one insert has of rows that weren't taken.
  class Rows;

  void close();
  Opened open_files(bool same, bool damaged);
  /// Opens or makes the file; whether it was made. Throws SQLite::Exception for a damaged one.
  bool connect();
  /// That the database's file, which only grows, holds something else now.
  std::string spoilt() const;
  void set_aside_all();
  void count();
  SQLite::Database& writer();
  void insert_rides(const std::vector<StoredRide>& rides, Rows& rows);
  std::size_t insert_alerts(const std::vector<KeptAlert>& alerts, Rows& rows);
  void insert_passes(const std::vector<Pass>& passes, Rows& rows);
  std::size_t insert_track(const std::vector<StoredPoint>& track, Rows& rows);
  bool remove_track_where(const std::string& which, std::int64_t value);
  Removed remove_where(const std::string& which, std::int64_t value, bool with_passes = false);
  // What these do together, within one transaction and after it. Bytes of the files.
  std::uint64_t take_out(const std::string& which, std::int64_t value, Removed& removed);
  std::uint64_t take_out_missed(const std::string& which, std::int64_t value, Removed& removed);
  std::uint64_t take_out_unused(const std::set<std::uint64_t>& clips, Removed& removed);
  Removed remove_missed_where(const std::string& which, std::int64_t value);
  void count_out(const Removed& removed, std::uint64_t bytes);

  const std::filesystem::path folder_;
  const std::filesystem::path file_;
  const NumberMark mark_;
  std::optional<FolderLock> lock_;
  WatchedFiles locked_;      ///< the lock's file
  WatchedFiles files_;       ///< the database's
  std::uintmax_t size_ = 0;  ///< of the file, when it was opened
  NextIds next_;             ///< free when it was opened
  NextIds reserved_;
  mutable std::atomic<bool> damaged_ = false;
  std::unique_ptr<SQLite::Database> writer_;
  mutable Mutex reader_mutex_;
  /// Null in memory: there is one connection for all, and Change keeps the mutex too.
  std::unique_ptr<SQLite::Database> reader_ GUARDED_BY(reader_mutex_);
  std::size_t alerts_ = 0;
  std::uint64_t media_bytes_ = 0;
  std::uint64_t track_points_ = 0;
};

}  // namespace rearview
