#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "types/alert_history.h"

namespace rearview {

/// Seconds of a ride, counted from its start: from_s and what follows, up to before to_s.
struct Stretch {
  int from_s = 0;
  int to_s = 0;

  bool operator==(const Stretch&) const = default;
};

/// From a camera's first picture to its last, with no pause in it longer than the configured one.
struct Ride {
  std::uint64_t id = 0;
  std::string camera;
  WallTime start;
  std::optional<WallTime> end;  ///< absent while it goes on
  double duration_s = 0;        ///< up to now while it goes on
  Travelled travelled;
  std::size_t passes = 0;  ///< close ones included
  std::size_t close_passes = 0;
  std::size_t alerts = 0;  ///< still stored
  bool locked = false;     ///< holds a locked alert
  /// When the road wasn't seen all of the second, oldest first and apart: no or late pictures or
  /// analyses, a blind camera, a failed analysis, or the service was off.
  std::vector<Stretch> unseen;

  int unseen_s() const {
    int all_s = 0;
    for (const Stretch& one : unseen) all_s += one.to_s - one.from_s;
    return all_s;
  }
  /// A distance that leaves out more than a fifth of the ride is none: nullopt.
  std::optional<double> distance_m() const {
    constexpr double kLeastKnown = 0.8;
    if (travelled.known_s <= 0 || travelled.known_s < kLeastKnown * duration_s) return std::nullopt;
    return travelled.distance_m;
  }
  /// Without standing; nullopt as distance_m.
  std::optional<double> moving_s() const {
    return distance_m() ? std::optional(travelled.moving_s) : std::nullopt;
  }
};

/// A vehicle that has passed. Outlives its alert.
struct Pass {
  std::uint64_t id = 0;  ///< of the alert that told it, never used twice
  std::optional<std::uint64_t> ride;
  std::optional<std::uint64_t> alert;  ///< absent when it is no longer stored
  std::string camera;
  WallTime time;
  bool close = false;
  VehicleClass vehicle_class = VehicleClass::vehicle;
  Side side = Side::unknown;
  std::optional<double> lead_s;  ///< from the vehicle's first alert to the pass
  std::optional<double> lateral_m;
  std::optional<double> closing_mps;
  std::optional<Position> position;  ///< of the rider
  std::optional<double> rider_speed_mps;
  std::optional<double> ride_distance_m;  ///< from the ride's start to here, as far as known

  AlertKind kind() const { return close ? AlertKind::close_pass : AlertKind::overtake; }
};

/// A moment at which a vehicle came, as the rider says, and no alert told of it.
struct Missed {
  std::uint64_t id = 0;  ///< of one count with alerts' ids, never used twice
  std::uint64_t ride = 0;
  std::string camera;
  WallTime time;
  std::string note;  ///< the rider's own words
  ClipState clip = ClipState::none;
};

struct RideQuery {
  std::uint64_t after = 0;  ///< only rides with a greater id
  std::size_t limit = 100;
};

struct PassQuery {
  std::uint64_t after = 0;
  std::size_t limit = 100;
  std::optional<std::uint64_t> ride;
};

struct MissedQuery {
  std::uint64_t after = 0;
  std::size_t limit = 100;
  std::optional<std::uint64_t> ride;
};

/// Whether what is told is also kept.
struct StoreStatus {
  bool persistent = false;     ///< a folder is configured
  std::string problem;         ///< why alerts can't be written now; empty when all is well
  std::uint64_t failures = 0;  ///< since the start: that it couldn't, or began a new store
  std::string last_problem;    ///< why the last one; empty before the first
  std::string set_aside;       ///< folder with a store that was damaged; else empty
  std::size_t waiting = 0;     ///< not yet on disk
  std::uint64_t lost = 0;      ///< fell out of memory before the disk took them
  std::uint64_t rejected = 0;  ///< rows that the database doesn't take, of otherwise good ones
  std::string rejected_why;    ///< the last one, and why; else empty
  std::uint64_t track_points_lost = 0;  ///< likewise, of the tracks of rides

  std::string media_problem;      ///< why snapshots and clips can't be written now; else empty
  std::uint64_t media_bytes = 0;  ///< of all snapshots and clips kept
  std::uint64_t snapshots_written = 0;
  std::uint64_t clips_written = 0;
  /// What was not stored, by kind and reason, since the start.
  std::uint64_t snapshots_failed = 0;      ///< the disk didn't take it
  std::uint64_t clips_failed = 0;          ///< likewise
  std::uint64_t snapshots_busy = 0;        ///< too many were waiting
  std::uint64_t clips_busy = 0;            ///< likewise
  std::uint64_t clips_without_stream = 0;  ///< the camera gave nothing that a clip can begin with
};

enum class Change {
  done,
  unknown,  ///< there is no such alert
  locked,   ///< refused: it is locked
  open,     ///< refused: its clip is still being recorded
};

/// Of a ride: `open` while it goes on.
struct RideChange {
  Change change = Change::done;
  std::size_t locked = 0;  ///< alerts, where that is why it was refused
};

/// What is kept of an alert has changed.
struct AlertUpdate {
  std::uint64_t id = 0;
  bool deleted = false;
  Keeping keeping;  ///< as of now; nothing of a deleted one
};

/// A missed moment is new, has changed or is gone.
struct MissedUpdate {
  bool deleted = false;
  Missed moment;
};

/// What is told of rides. Calls may wait for the disk and throw std::runtime_error when it fails.
class RideArchive : public AlertHistory {
 public:
  /// Oldest first.
  virtual std::vector<Ride> rides(const RideQuery& query) const = 0;
  virtual std::optional<Ride> ride(std::uint64_t id) const = 0;
  virtual std::vector<Pass> passes(const PassQuery& query) const = 0;
  /// Oldest first.
  virtual std::vector<Missed> missed(const MissedQuery& query) const = 0;
  /// Of a ride, oldest first; empty where none was kept.
  virtual std::vector<TrackPoint> track(std::uint64_t ride) const = 0;
};

/// Everything that is kept: alerts with their pictures and clips, rides and passes. Any thread.
class EventArchive : public RideArchive {
 public:
  /// Files of one alert; nullopt without one. They may be deleted at any time.
  virtual std::optional<std::filesystem::path> snapshot(std::uint64_t alert) const = 0;
  virtual std::optional<std::filesystem::path> clip(std::uint64_t alert) const = 0;
  virtual std::optional<std::filesystem::path> tracks(std::uint64_t alert) const = 0;

  virtual std::optional<std::filesystem::path> missed_clip(std::uint64_t moment) const = 0;
  virtual std::optional<std::filesystem::path> missed_tracks(std::uint64_t moment) const = 0;

  // These return when it is on disk.
  virtual Change set_locked(std::uint64_t alert, bool locked) = 0;
  /// nullopt takes the mark back.
  virtual Change set_mark(std::uint64_t alert, std::optional<Mark> mark) = 0;
  /// Gives it an id, its ride, and what footage there is. nullopt: the camera was on no ride then.
  virtual std::optional<Missed> add_missed(Missed moment) = 0;
  /// With its clip, where no alert has that too.
  virtual Change remove_missed(std::uint64_t moment) = 0;
  /// With its pictures; a clip goes with the last of its alerts.
  virtual Change remove(std::uint64_t alert) = 0;

  /// With its passes, track, missed moments and alerts, their pictures and clips: all or nothing.
  /// Files and updates follow.
  virtual RideChange remove_ride(std::uint64_t ride) = 0;

  virtual StoreStatus status() const = 0;
  /// Names the store that ids belong to: one that is begun anew has another name. Throws
  /// std::runtime_error while it can't be read.
  virtual std::string epoch() const = 0;
};

}  // namespace rearview
