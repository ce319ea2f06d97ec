#include "store/store_reader.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/rows.h"

namespace rearview {
namespace {

constexpr double kLongestRide_s = 30 * 86'400.0;

std::optional<std::uint64_t> id_of(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(unsigned_of(column));
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

std::vector<KeptAlert> StoreReader::alerts(const AlertQuery& query, std::uint64_t before) const {
  SQLite::Statement select(database_,
                           "SELECT json, id, locked, snapshot_bytes, clip, ride, mark FROM alerts "
                           "WHERE id > ? AND id < ? "
                           "AND (?3 = '' OR camera = ?3) AND (?4 = '' OR kind = ?4) ORDER BY id");
  select.bind(1, static_cast<std::int64_t>(query.after));
  select.bind(2, static_cast<std::int64_t>(before));
  select.bind(3, query.camera.value_or(""));
  select.bind(4, std::string(query.kind ? name(*query.kind) : ""));
  std::vector<KeptAlert> found;
  while (found.size() < query.limit && select.executeStep()) {
    // A row that somebody has spoilt ends for itself.
    try {
      Alert alert = alert_from_json(nlohmann::json::parse(select.getColumn(0).getString()));
      alert.id = unsigned_of(select.getColumn(1));
      found.push_back(kept(std::move(alert), keeping_of(select)));
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
  SQLite::Statement select(
      database_,
      "SELECT " + columns<StoredRide>("{}") +
          ", (SELECT count(*) FROM passes WHERE ride = rides.id) AS passes, "
          "(SELECT count(*) FROM passes WHERE ride = rides.id AND close) AS close_passes, "
          "(SELECT count(*) FROM alerts WHERE ride = rides.id) AS alerts, "
          "EXISTS (SELECT 1 FROM alerts WHERE ride = rides.id AND locked) AS locked "
          "FROM rides WHERE id > ? ORDER BY id");
  select.bind(1, static_cast<std::int64_t>(query.after));
  std::vector<Ride> found;
  while (found.size() < query.limit && select.executeStep()) {
    // Without knowing when the road was seen it is none. One that is too long fills the memory of
    // who writes it to a file.
    const auto stored = stored_ride(select);
    if (!stored || !(stored->duration_s >= 0 && stored->duration_s <= kLongestRide_s)) continue;
    Ride& ride = found.emplace_back();
    ride.id = stored->id;
    ride.camera = stored->camera;
    ride.start = stored->start;
    ride.end = stored->seen;
    ride.duration_s = stored->duration_s;
    ride.travelled = stored->travelled;
    ride.unseen = stored->unseen;
    read_value(select.getColumn("passes"), ride.passes);
    read_value(select.getColumn("close_passes"), ride.close_passes);
    read_value(select.getColumn("alerts"), ride.alerts);
    read_value(select.getColumn("locked"), ride.locked);
  }
  return found;
}

std::vector<Pass> StoreReader::passes(const PassQuery& query) const {
  SQLite::Statement select(
      database_,
      "SELECT " + columns<Pass>("passes.{0} AS {0}") +
          ", alerts.id AS alert FROM passes LEFT JOIN alerts ON alerts.id = passes.id "
          "WHERE passes.id > ?1 AND (?2 = 0 OR passes.ride = ?2) ORDER BY passes.id LIMIT ?3");
  select.bind(1, static_cast<std::int64_t>(query.after));
  select.bind(2, static_cast<std::int64_t>(query.ride.value_or(0)));
  select.bind(3, static_cast<std::int64_t>(query.limit));
  std::vector<Pass> found;
  while (select.executeStep()) {
    Pass& pass = found.emplace_back();
    pass.position.emplace();
    read_row(select, pass);
    if (select.getColumn("lat_deg").isNull()) pass.position.reset();
    read_value(select.getColumn("alert"), pass.alert);
  }
  return found;
}

std::vector<Missed> StoreReader::missed(const MissedQuery& query) const {
  SQLite::Statement select(database_,
                           "SELECT " + columns<Missed>("{}") +
                               ", clip FROM missed WHERE id > ?1 AND (?2 = 0 OR ride = ?2) "
                               "ORDER BY id LIMIT ?3");
  select.bind(1, static_cast<std::int64_t>(query.after));
  select.bind(2, static_cast<std::int64_t>(query.ride.value_or(0)));
  select.bind(3, static_cast<std::int64_t>(query.limit));
  std::vector<Missed> found;
  while (select.executeStep()) {
    Missed& moment = found.emplace_back();
    read_row(select, moment);
    if (!select.getColumn("clip").isNull()) moment.clip = ClipState::kept;
  }
  return found;
}

std::optional<std::uint64_t> StoreReader::clip_of_missed(std::uint64_t moment) const {
  SQLite::Statement select(database_, "SELECT clip FROM missed WHERE id = ?");
  select.bind(1, static_cast<std::int64_t>(moment));
  return select.executeStep() ? id_of(select.getColumn(0)) : std::nullopt;
}

std::optional<ClipSpan> StoreReader::span_of_missed(std::uint64_t moment) const {
  SQLite::Statement select(database_,
                           "SELECT clips.camera AS camera, from_ms, to_ms FROM clips JOIN missed "
                           "ON missed.clip = clips.id WHERE missed.id = ? AND from_ms NOT NULL");
  select.bind(1, static_cast<std::int64_t>(moment));
  if (!select.executeStep()) return std::nullopt;
  ClipSpan span;
  read_value(select.getColumn("camera"), span.camera);
  read_value(select.getColumn("from_ms"), span.from);
  read_value(select.getColumn("to_ms"), span.to);
  return span;
}

std::vector<TrackPoint> StoreReader::track(std::uint64_t ride) const {
  SQLite::Statement select(database_, "SELECT " + columns<StoredPoint>("{}") +
                                          " FROM track WHERE ride = ? ORDER BY t_s");
  select.bind(1, static_cast<std::int64_t>(ride));
  std::vector<TrackPoint> found;
  while (select.executeStep()) {
    StoredPoint one;
    read_row(select, one);
    found.push_back(one.point);
  }
  return found;
}

std::string StoreReader::epoch() const {
  return database_.execAndGet("SELECT epoch FROM store").getString();
}

}  // namespace rearview
