#include "store/store_reader.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/stretches.h"
#include "types/json.h"

namespace rearview {
namespace {

std::uint64_t unsigned_of(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(column.getInt64());
}

constexpr double kLongestRide_s = 30 * 86'400.0;

std::optional<std::uint64_t> id_of(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(unsigned_of(column));
}

std::optional<double> number_of(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(column.getDouble());
}

}  // namespace

std::int64_t unix_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime from_unix_ms(std::int64_t ms) {
  // What the clock's nanoseconds can tell: the years 1678 to 2262.
  constexpr std::int64_t kMost = 9'200'000'000'000;
  return WallTime(std::chrono::duration_cast<WallClock::duration>(
      std::chrono::milliseconds(std::clamp(ms, -kMost, kMost))));
}

std::vector<Alert> StoreReader::alerts(const AlertQuery& query, std::uint64_t before) const {
  SQLite::Statement select(
      database_,
      "SELECT json, locked, snapshot_bytes, clip, ride, id FROM alerts WHERE id > ? AND id < ? "
      "AND (?3 = '' OR camera = ?3) AND (?4 = '' OR kind = ?4) ORDER BY id");
  select.bind(1, static_cast<std::int64_t>(query.after));
  select.bind(2, static_cast<std::int64_t>(before));
  select.bind(3, query.camera.value_or(""));
  select.bind(4, std::string(query.kind ? name(*query.kind) : ""));
  std::vector<Alert> found;
  while (found.size() < query.limit && select.executeStep()) {
    // A row that somebody has spoilt ends for itself.
    try {
      Alert alert = alert_from_json(nlohmann::json::parse(select.getColumn(0).getString()));
      alert.id = unsigned_of(select.getColumn(5));
      alert.keeping = Keeping{.locked = select.getColumn(1).getInt() != 0,
                              .has_snapshot = select.getColumn(2).getInt64() != 0,
                              .has_clip = !select.getColumn(3).isNull(),
                              .ride = id_of(select.getColumn(4))};
      found.push_back(std::move(alert));
    } catch (const SQLite::Exception&) {
      throw;
    } catch (const std::exception&) {
    }
  }
  return found;
}

std::uint64_t StoreReader::newest_alert_id() const {
  SQLite::Statement select(database_, "SELECT coalesce(max(id), 0) FROM alerts");
  select.executeStep();
  return unsigned_of(select.getColumn(0));
}

std::optional<AlertMedia> StoreReader::media(std::uint64_t alert) const {
  SQLite::Statement select(database_, "SELECT snapshot_bytes, clip FROM alerts WHERE id = ?");
  select.bind(1, static_cast<std::int64_t>(alert));
  if (!select.executeStep()) return std::nullopt;
  return AlertMedia{select.getColumn(0).getInt64() != 0, id_of(select.getColumn(1))};
}

std::vector<Ride> StoreReader::rides(const RideQuery& query) const {
  SQLite::Statement select(database_,
                           "SELECT id, camera, start_ms, seen_ms, "
                           "(SELECT count(*) FROM passes WHERE ride = rides.id), "
                           "(SELECT count(*) FROM passes WHERE ride = rides.id AND close), "
                           "(SELECT count(*) FROM alerts WHERE ride = rides.id), "
                           "EXISTS (SELECT 1 FROM alerts WHERE ride = rides.id AND locked), "
                           "duration_s, distance_m, known_s, moving_s, unseen "
                           "FROM rides WHERE id > ? ORDER BY id");
  select.bind(1, static_cast<std::int64_t>(query.after));
  std::vector<Ride> found;
  while (found.size() < query.limit && select.executeStep()) {
    Ride ride;
    ride.id = unsigned_of(select.getColumn(0));
    ride.camera = select.getColumn(1).getString();
    ride.start = from_unix_ms(select.getColumn(2).getInt64());
    ride.end = from_unix_ms(select.getColumn(3).getInt64());
    ride.passes = unsigned_of(select.getColumn(4));
    ride.close_passes = unsigned_of(select.getColumn(5));
    ride.alerts = unsigned_of(select.getColumn(6));
    ride.locked = select.getColumn(7).getInt() != 0;
    ride.duration_s = select.getColumn(8).getDouble();
    ride.travelled = {select.getColumn(9).getDouble(), select.getColumn(10).getDouble(),
                      select.getColumn(11).getDouble()};
    const auto unseen = stretches_from(select.getColumn(12).getString());
    // Without it nobody knows when the road was seen. A ride that is too long fills the memory of
    // who writes it to a file.
    if (!unseen || !(ride.duration_s >= 0 && ride.duration_s <= kLongestRide_s)) continue;
    ride.unseen = *unseen;
    found.push_back(std::move(ride));
  }
  return found;
}

std::vector<Pass> StoreReader::passes(const PassQuery& query) const {
  SQLite::Statement select(
      database_,
      "SELECT passes.id, passes.ride, alerts.id, passes.camera, passes.time_ms, close, class, "
      "side, lead_s, lateral_m, closing_mps, lat_deg, lon_deg, accuracy_m, rider_speed_mps, "
      "ride_distance_m "
      "FROM passes LEFT JOIN alerts ON alerts.id = passes.id "
      "WHERE passes.id > ?1 AND (?2 = 0 OR passes.ride = ?2) ORDER BY passes.id LIMIT ?3");
  select.bind(1, static_cast<std::int64_t>(query.after));
  select.bind(2, static_cast<std::int64_t>(query.ride.value_or(0)));
  select.bind(3, static_cast<std::int64_t>(query.limit));
  std::vector<Pass> found;
  while (select.executeStep()) {
    Pass& pass = found.emplace_back();
    pass.id = unsigned_of(select.getColumn(0));
    pass.ride = id_of(select.getColumn(1));
    pass.alert = id_of(select.getColumn(2));
    pass.camera = select.getColumn(3).getString();
    pass.time = from_unix_ms(select.getColumn(4).getInt64());
    pass.close = select.getColumn(5).getInt() != 0;
    pass.vehicle_class =
        vehicle_class_from(select.getColumn(6).getString()).value_or(VehicleClass::vehicle);
    pass.side = side_from(select.getColumn(7).getString()).value_or(Side::unknown);
    pass.lead_s = number_of(select.getColumn(8));
    pass.lateral_m = number_of(select.getColumn(9));
    pass.closing_mps = number_of(select.getColumn(10));
    if (!select.getColumn(11).isNull())
      pass.position = Position{select.getColumn(11).getDouble(), select.getColumn(12).getDouble(),
                               number_of(select.getColumn(13))};
    pass.rider_speed_mps = number_of(select.getColumn(14));
    pass.ride_distance_m = number_of(select.getColumn(15));
  }
  return found;
}

std::vector<TrackPoint> StoreReader::track(std::uint64_t ride) const {
  SQLite::Statement select(database_,
                           "SELECT t_s, lat_deg, lon_deg, accuracy_m, speed_mps, distance_m "
                           "FROM track WHERE ride = ? ORDER BY t_s");
  select.bind(1, static_cast<std::int64_t>(ride));
  std::vector<TrackPoint> found;
  while (select.executeStep()) {
    TrackPoint& point = found.emplace_back();
    point.t_s = select.getColumn(0).getInt();
    point.position = {select.getColumn(1).getDouble(), select.getColumn(2).getDouble(),
                      number_of(select.getColumn(3))};
    point.speed_mps = number_of(select.getColumn(4));
    point.distance_m = select.getColumn(5).getDouble();
  }
  return found;
}

}  // namespace rearview
