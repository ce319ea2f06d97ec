#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/worker.h"
#include "store/media_folder.h"
#include "store/ride_log.h"
#include "store/store_config.h"
#include "store/store_database.h"
#include "types/event_archive.h"

namespace rearview {

/// Numbers alerts and keeps them: at once in memory, and from a thread of its own in an SQLite
/// database, so that a slow, full, damaged or missing disk never delays an alert. Ids rise and are
/// never used twice, not even after a crash: they are reserved on disk before they are given, and
/// where the disk takes no reservation they are at least the milliseconds since 1970. Keeps rides
/// and passes beside them, and the files of snapshots and clips that are attached. Any thread.
///
/// Where the folder or the database can't be used, alerts go on from memory; it is tried again
/// every second, and what is in memory is written when it works.
class AlertStore : public EventArchive {
 public:
  /// Opens or makes the folder and deletes what a killed program left half done in it. Where that
  /// fails, the status says why. failure: told, on the store's thread, of what escaped it; it goes
  /// on, and who waits for it waits for that. Nothing but a want of memory is known that would do
  /// it.
  explicit AlertStore(const StoreConfig& config, Worker::Failure failure = {});
  /// Writes what waits, if the disk takes it.
  ~AlertStore() override;

  /// Gives the alert the next id and the ride, keeps it and returns it. Doesn't wait for the disk.
  KeptAlert append(Alert alert);
  /// Pictures of this camera are arriving: it is on a ride. road_seen: the road was seen in them.
  /// Doesn't wait for the disk.
  void camera_seen(const std::string& camera, WallTime time, bool road_seen);
  /// No pictures are arriving: until they do, nobody sees the road. Doesn't wait for the disk.
  void camera_unseen(const std::string& camera);
  /// The rider has come further. keep_track: keep where he is, too. Doesn't wait for the disk.
  void rider_moved(const RiderFix& fix, bool keep_track);
  /// Waits until everything appended so far is on disk; false when that fails.
  bool flush();

  /// What to tell of a change by a new file, a lock or remove(); not of one that makes room. Called
  /// on the store's thread; must not wait. Before anything is attached, locked or removed.
  void on_change(std::function<void(const AlertUpdate&)> handler);
  /// What to do with an alert that the store itself raises (store_failed, store_back), appended
  /// like any other. Called on the store's thread; must not wait. Without it none is raised.
  void on_alert(std::function<void(const KeptAlert&)> handler);
  /// What to tell of a missed moment that is new, has got its clip or is gone. As on_change().
  void on_missed(std::function<void(const MissedUpdate&)> handler);
  /// Who may still have the pictures of a new missed moment: whether a clip of it will be attached.
  /// As on_change().
  void on_footage(std::function<bool(const Missed&)> source);
  /// Calls none of them any more, and waits for one that is being called.
  void quiet();

  /// At the start the folder was another program's: nobody else should keep anything in it, either.
  bool is_anothers() const { return is_anothers_; }

  const MediaFolder& media() const { return media_; }
  /// The clip of an alert or missed moment is being recorded: until released nothing deletes it.
  void hold(std::uint64_t alert);
  void release(const std::vector<std::uint64_t>& alerts);
  // A file is in its place; wait until the database says so too. False: there is no such alert any
  // more. Throw std::runtime_error when the disk doesn't take it. The file stays the caller's to
  // delete in both cases.
  bool attach_snapshot(std::uint64_t alert, std::uint64_t bytes);
  /// of: alerts, or missed moments. span: where it is known, so that it can serve moments that are
  /// missed later.
  bool attach_clip(std::uint64_t clip, const std::vector<std::uint64_t>& of, std::uint64_t bytes,
                   const std::optional<ClipSpan>& span = {});
  /// Why more snapshots and clips may not be kept, or empty.
  std::string no_room_for_media() const;
  /// For whoever writes snapshots and clips to say how that goes.
  void note(const std::function<void(StoreStatus&)>& change);

  std::vector<KeptAlert> alerts(const AlertQuery& query) const override;
  std::optional<KeptAlert> alert(std::uint64_t id) const override;
  std::uint64_t newest_id() const override;
  std::optional<std::filesystem::path> snapshot(std::uint64_t alert) const override;
  std::optional<std::filesystem::path> clip(std::uint64_t alert) const override;
  std::optional<std::filesystem::path> tracks(std::uint64_t alert) const override;
  Change set_locked(std::uint64_t alert, bool locked) override;
  Change set_mark(std::uint64_t alert, std::optional<Mark> mark) override;
  Change remove(std::uint64_t alert) override;
  std::optional<Missed> add_missed(Missed moment) override;
  Change remove_missed(std::uint64_t moment) override;
  RideChange remove_ride(std::uint64_t ride) override;
  std::vector<Ride> rides(const RideQuery& query) const override;
  std::optional<Ride> ride(std::uint64_t id) const override;
  std::vector<Pass> passes(const PassQuery& query) const override;
  std::vector<Missed> missed(const MissedQuery& query) const override;
  std::optional<std::filesystem::path> missed_clip(std::uint64_t moment) const override;
  std::optional<std::filesystem::path> missed_tracks(std::uint64_t moment) const override;
  /// What the disk has of it: of a ride that goes on, up to some seconds ago.
  std::vector<TrackPoint> track(std::uint64_t ride) const override;
  StoreStatus status() const override;
  std::string epoch() const override;

 private:
  /// Missed moments that are kept; the oldest go first.
  static constexpr std::size_t kMostMissed = 10'000;

  /// What a caller waits for.
  struct Operation {
    std::function<void(StoreDatabase&)> run;
    bool done = false;
    std::string error;
  };
  /// What one turn of the writer takes.
  struct Batch {
    std::vector<KeptAlert> alerts;
    std::vector<Pass> passes;
    std::vector<StoredRide> rides;
    std::vector<StoredPoint> track;
    NextIds next;
  };

  void sweep();
  /// Of an alert or ride whose id the disk has not reserved: above all that were ever reserved.
  static std::uint64_t unreserved_id();
  std::uint64_t next_id() REQUIRES(mutex_);
  void make_room() REQUIRES(mutex_);
  bool unwritten() const REQUIRES(mutex_);
  Batch take_batch() REQUIRES(mutex_);
  void in_trouble(const std::string& why) REQUIRES(mutex_);
  std::vector<KeptAlert> recent_alerts(const AlertQuery& query) const REQUIRES(mutex_);

  // Of the writer's thread, or before it.
  /// The ids that were free.
  NextIds open();
  void failed(const std::exception& failure);
  void failed(const std::string& problem);
  void write(const std::stop_token& stop);
  /// False: it failed. Throws nothing.
  bool turn(const std::vector<std::shared_ptr<Operation>>& operations);
  void end_waiting();
  /// Opens the database again where that is needed. False: it can't be written now.
  bool store_what_waits();
  void write_batch(const Batch& batch);
  void note_rejected(const std::vector<RejectedRow>& rows);
  void run(const std::vector<std::shared_ptr<Operation>>& operations);
  void tell_of_trouble(bool stored);
  void remove_old(StoreDatabase& database);
  void trim_media(StoreDatabase& database);
  /// Lets the writer run it, and waits.
  void perform(std::function<void(StoreDatabase&)> run);
  void forget(const Removed& removed);
  void forget_in_memory(const Removed& removed);
  void clear_leftovers();
  /// Of alerts and missed moments as they are now.
  void tell_of(const std::vector<std::uint64_t>& alerts) const;
  void tell_of_missed(const MissedUpdate& update) const;
  void mark(const std::vector<std::uint64_t>& alerts, const std::function<void(Keeping&)>& change);
  std::uint64_t first_held() const;
  std::optional<AlertMedia> media_of(std::uint64_t alert) const;

  const StoreConfig config_;
  const MediaFolder media_;
  StoreDatabase database_;
  bool is_anothers_ = false;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<KeptAlert> recent_ GUARDED_BY(mutex_);  ///< ids rise from front to back
  std::deque<Pass> passes_ GUARDED_BY(mutex_);       ///< of the same alerts
  std::unique_ptr<RideLog> rides_ GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Operation>> operations_ GUARDED_BY(mutex_);
  std::multiset<std::uint64_t> held_ GUARDED_BY(mutex_);
  std::uint64_t newest_id_ GUARDED_BY(mutex_) = 0;
  std::uint64_t reserved_id_ GUARDED_BY(mutex_) = 0;  ///< ids below it are on disk as given
  std::uint64_t on_disk_id_ GUARDED_BY(mutex_) = 0;   ///< alerts up to this id are on disk or lost
  std::uint64_t writing_id_ GUARDED_BY(mutex_) =
      0;  ///< alerts up to this id are being written; 0: none
  std::uint64_t attempts_ GUARDED_BY(mutex_) = 0;
  bool write_rides_ GUARDED_BY(mutex_) = false;
  bool media_full_ GUARDED_BY(mutex_) = false;  ///< of locked ones
  bool stopped_ GUARDED_BY(mutex_) = false;
  StoreStatus status_ GUARDED_BY(mutex_);
  std::string untold_ GUARDED_BY(mutex_);  ///< trouble that no alert has told of

  // Of the writer's thread.
  std::optional<SteadyTime> old_removed_;
  bool told_ = false;  ///< an alert has told of trouble, and none of its end
  SteadyTime failed_at_;

  /// Of a ride that was removed: to be told of, its files to be deleted.
  struct Leftover {
    std::optional<std::uint64_t> alert;
    bool has_snapshot = false;
    std::optional<std::uint64_t> clip;
    std::optional<Missed> missed;
  };
  std::deque<Leftover> leftovers_;  ///< of the writer's thread; a kill leaves files to the sweep

  mutable Mutex tell_mutex_;  ///< held while these are called
  std::function<void(const AlertUpdate&)> tell_change_ GUARDED_BY(tell_mutex_);
  std::function<void(const KeptAlert&)> tell_alert_ GUARDED_BY(tell_mutex_);
  std::function<void(const MissedUpdate&)> tell_missed_ GUARDED_BY(tell_mutex_);
  std::function<bool(const Missed&)> footage_ GUARDED_BY(tell_mutex_);
  Worker writer_;
};

}  // namespace rearview
