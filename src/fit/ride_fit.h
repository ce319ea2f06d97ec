#pragma once

#include <string>
#include <vector>

#include "types/event_archive.h"

namespace rearview {

/// What the archive knows of a ride, as far as a FIT file tells it.
struct RideRecord {
  Ride ride;
  std::vector<Pass> passes;       ///< of the ride, oldest first
  std::vector<TrackPoint> track;  ///< of the ride, oldest first; empty where none was kept
};

/// Throws what the archive throws.
RideRecord ride_record(const RideArchive& archive, const Ride& ride);

/// The ride as a FIT activity, a record a second, with the developer fields of the data field
/// MyBikeTraffic, which ride sites read for radar: radar_ranges (m) and radar_speeds (m/s) of up to
/// 8 vehicles, nearest first, radar_current (vehicles that have passed so far) and passing_speed
/// (km/h) in the records, radar_lap and radar_total at the end. Vehicles are those that passed; on
/// their way here they are where their lead time and closing speed put them. While nobody saw the
/// road, ranges are -1 and speeds 255, which is that field's sign for a radar that is away. A
/// ride longer than a day ends there.
///
/// With a track, records tell position, speed and distance, and passing_speedabs (km/h), the speed
/// of the vehicle itself: the rider's and what it is faster; the end tells where it began and ended
/// and the greatest speed. What isn't known has FIT's invalid value. A distance of the ride that is
/// known is told at the end with its average speed and the time moving, track or not.
std::string ride_fit(const RideRecord& record);

}  // namespace rearview
