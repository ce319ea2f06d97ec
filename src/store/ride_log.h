#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store_database.h"

namespace rearview {

/// Which ride each camera is on, and what a pass says about the approach before it. One thread at
/// a time.
class RideLog {
 public:
  /// gap_s: without a picture for longer, the next one begins a new ride. known: each camera's
  /// latest ride, which goes on when the gap since it is short enough; newest_id: of all rides.
  RideLog(double gap_s, std::vector<StoredRide> known, std::uint64_t newest_id);

  /// Of all rides so far, when that is more than is known.
  void number_from(std::uint64_t newest_id) { newest_id_ = std::max(newest_id_, newest_id); }
  std::uint64_t newest_id() const { return newest_id_; }
  /// Rides of this program have to be taken again, for they may be lost.
  void write_again();

  /// The camera's pictures are arriving; road_seen: and the road was seen in them. True when that
  /// begins a ride.
  bool seen(const std::string& camera, WallTime time, SteadyTime now, bool road_seen);
  /// Nobody sees the road: until it is seen again.
  void unseen(const std::string& camera);
  /// Nor has anybody for this long.
  void was_unseen(const std::string& camera, double unseen_s, SteadyTime now);
  /// The rider has come further: counts for the rides whose camera sees. What a camera misses
  /// counts when it is back. keep_track: also where he is, once a second of the ride.
  void moved(const RiderFix& fix, bool keep_track);
  /// The ride that goes on; nullopt between rides.
  std::optional<std::uint64_t> current(const std::string& camera, SteadyTime now) const;
  /// Rides that changed since they were last taken.
  std::vector<StoredRide> take_changed();
  /// The track since it was last taken.
  std::vector<StoredPoint> take_track();
  /// What these gave was not written.
  void give_back(const std::vector<StoredRide>& rides, const std::vector<StoredPoint>& track = {});
  /// Points of tracks that were given up because the disk took nothing for too long.
  std::uint64_t lost_points() const { return lost_points_; }

  /// Remembers the vehicle's first alert; of an alert that tells a pass, makes the pass.
  std::optional<Pass> note(const KeptAlert& alert);

  /// It was removed, and is not going on.
  void forget(std::uint64_t ride);

  /// As of now, where the ride is one that goes on; else nullptr.
  const StoredRide* going_on(std::uint64_t ride, SteadyTime now) const;

 private:
  struct OnTheRoad {
    StoredRide ride;
    std::optional<SteadyTime> newest;  ///< absent until the camera was seen by this program
    bool changed = false;
    std::optional<Travelled> counted;  ///< of the rider, up to here; absent before the first fix
    int last_point_s = -1;
    double looked_s = 0;  ///< of the ride, up to here it is known whether the road was seen
    bool blind = false;   ///< from there on nobody sees it
  };
  struct FirstAlert {
    std::string camera;
    std::uint32_t epoch;
    int track_id;
    double t_s;
  };

  void keep_unwritten(const StoredRide& ride);
  void bound_track();

  double gap_s_;
  std::uint64_t newest_id_;
  std::map<std::string, OnTheRoad> rides_;  ///< by camera
  std::deque<StoredRide> unwritten_;        ///< ended, and not on disk
  std::deque<StoredPoint> track_;           ///< not on disk, oldest first
  std::uint64_t lost_points_ = 0;
  std::deque<FirstAlert> first_alerts_;  ///< oldest first
};

}  // namespace rearview
