#include "store/store_database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "store/store_change.h"
#include "store/store_schema.h"
#include "store/stretches.h"
#include "types/json.h"

namespace rearview {
namespace {

constexpr int kBusy_ms = 1000;

void bind_or_null(SQLite::Statement& statement, int index, const std::optional<double>& value) {
  if (value) statement.bind(index, *value);
}

void bind_or_null(SQLite::Statement& statement, int index,
                  const std::optional<std::uint64_t>& value) {
  if (value) statement.bind(index, signed_of(*value));
}

}  // namespace

StoreDatabase::StoreDatabase(const std::filesystem::path& folder) {
  if (!folder.empty()) {
    lock_.emplace(folder);
    file_ = (folder / "alerts.db").string();
  }
  open_writer();
  if (!in_memory())
    reader_ = std::make_unique<SQLite::Database>(file_, SQLite::OPEN_READONLY, kBusy_ms);
  count();
}

StoreDatabase::~StoreDatabase() = default;

void StoreDatabase::open_writer() {
  writer_ = std::make_unique<SQLite::Database>(
      in_memory() ? ":memory:" : file_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusy_ms);
  writer_->exec("PRAGMA journal_mode = WAL");
  writer_->exec("PRAGMA synchronous = FULL");
  make_schema(*writer_, file_);
}

void StoreDatabase::count() {
  alerts_ = unsigned_of(writer_->execAndGet("SELECT count(*) FROM alerts"));
  media_bytes_ =
      unsigned_of(writer_->execAndGet("SELECT (SELECT coalesce(sum(bytes), 0) FROM clips) + "
                                      "(SELECT coalesce(sum(snapshot_bytes), 0) FROM alerts)"));
  track_points_ =
      unsigned_of(writer_->execAndGet("SELECT coalesce(sum(track_points), 0) FROM rides"));
}

void StoreDatabase::reopen() {
  if (in_memory()) return;
  open_writer();
  count();
}

std::uint64_t StoreDatabase::first_free_id() {
  return unsigned_of(writer_->execAndGet("SELECT next_id FROM ids"));
}

void StoreDatabase::reserve(std::uint64_t next_id) {
  SQLite::Statement update(*writer_, "UPDATE ids SET next_id = max(next_id, ?)");
  update.bind(1, signed_of(next_id));
  update.exec();
}

void StoreDatabase::insert(const std::vector<Alert>& alerts, const std::vector<Pass>& passes,
                           const std::vector<StoredRide>& rides,
                           const std::vector<StoredPoint>& track) {
  Change change(*this);
  SQLite::Statement ride_row(
      *writer_,
      "INSERT INTO rides (id, camera, start_ms, seen_ms, duration_s, distance_m, known_s, "
      "moving_s, unseen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
      "seen_ms = excluded.seen_ms, duration_s = excluded.duration_s, "
      "distance_m = excluded.distance_m, known_s = excluded.known_s, "
      "moving_s = excluded.moving_s, unseen = excluded.unseen");
  for (const StoredRide& ride : rides) {
    ride_row.bind(1, signed_of(ride.id));
    ride_row.bind(2, ride.camera);
    ride_row.bind(3, unix_ms(ride.start));
    ride_row.bind(4, unix_ms(ride.seen));
    ride_row.bind(5, ride.duration_s);
    ride_row.bind(6, ride.travelled.distance_m);
    ride_row.bind(7, ride.travelled.known_s);
    ride_row.bind(8, ride.travelled.moving_s);
    ride_row.bind(9, text_of(ride.unseen));
    ride_row.exec();
    ride_row.reset();
  }
  // A batch that failed halfway is written again, whole.
  int added = 0;
  SQLite::Statement alert_row(
      *writer_,
      "INSERT OR IGNORE INTO alerts (id, camera, kind, json, time_ms, ride) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  for (const Alert& alert : alerts) {
    Alert bare = alert;
    bare.keeping.reset();  // has columns of its own
    alert_row.bind(1, signed_of(alert.id));
    alert_row.bind(2, alert.camera);
    alert_row.bind(3, std::string(name(alert.kind)));
    alert_row.bind(4, to_json(bare).dump());
    alert_row.bind(5, unix_ms(alert.time));
    if (alert.keeping) bind_or_null(alert_row, 6, alert.keeping->ride);
    added += alert_row.exec();
    alert_row.reset();
    alert_row.clearBindings();
  }
  SQLite::Statement pass_row(
      *writer_,
      "INSERT OR IGNORE INTO passes (id, ride, camera, time_ms, close, class, side, "
      "lead_s, lateral_m, closing_mps, lat_deg, lon_deg, accuracy_m, rider_speed_mps, "
      "ride_distance_m) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  for (const Pass& pass : passes) {
    pass_row.bind(1, signed_of(pass.id));
    bind_or_null(pass_row, 2, pass.ride);
    pass_row.bind(3, pass.camera);
    pass_row.bind(4, unix_ms(pass.time));
    pass_row.bind(5, pass.close ? 1 : 0);
    pass_row.bind(6, std::string(name(pass.vehicle_class)));
    pass_row.bind(7, std::string(name(pass.side)));
    bind_or_null(pass_row, 8, pass.lead_s);
    bind_or_null(pass_row, 9, pass.lateral_m);
    bind_or_null(pass_row, 10, pass.closing_mps);
    if (pass.position) {
      pass_row.bind(11, pass.position->lat_deg);
      pass_row.bind(12, pass.position->lon_deg);
      bind_or_null(pass_row, 13, pass.position->accuracy_m);
    }
    bind_or_null(pass_row, 14, pass.rider_speed_mps);
    bind_or_null(pass_row, 15, pass.ride_distance_m);
    pass_row.exec();
    pass_row.reset();
    pass_row.clearBindings();
  }
  const std::size_t points = insert_track(track);
  change.commit();
  alerts_ += static_cast<std::size_t>(added);
  track_points_ += points;
}

std::size_t StoreDatabase::insert_track(const std::vector<StoredPoint>& track) {
  SQLite::Statement point_row(*writer_,
                              "INSERT OR IGNORE INTO track (ride, t_s, lat_deg, lon_deg, "
                              "accuracy_m, speed_mps, distance_m) VALUES (?, ?, ?, ?, ?, ?, ?)");
  std::map<std::uint64_t, int> added;
  for (const auto& [ride, point] : track) {
    point_row.bind(1, signed_of(ride));
    point_row.bind(2, point.t_s);
    point_row.bind(3, point.position.lat_deg);
    point_row.bind(4, point.position.lon_deg);
    bind_or_null(point_row, 5, point.position.accuracy_m);
    bind_or_null(point_row, 6, point.speed_mps);
    point_row.bind(7, point.distance_m);
    added[ride] += point_row.exec();
    point_row.reset();
    point_row.clearBindings();
  }
  SQLite::Statement count(*writer_,
                          "UPDATE rides SET track_points = track_points + ? WHERE id = ?");
  std::size_t all = 0;
  for (const auto& [ride, points] : added) {
    count.bind(1, points);
    count.bind(2, signed_of(ride));
    count.exec();
    count.reset();
    all += static_cast<std::size_t>(points);
  }
  return all;
}

bool StoreDatabase::set_snapshot(std::uint64_t alert, std::uint64_t bytes) {
  Change change(*this);
  SQLite::Statement update(*writer_, "UPDATE alerts SET snapshot_bytes = ? WHERE id = ?");
  update.bind(1, signed_of(bytes));
  update.bind(2, signed_of(alert));
  if (update.exec() == 0) return false;
  change.commit();
  media_bytes_ += bytes;
  return true;
}

bool StoreDatabase::add_clip(std::uint64_t clip, const std::vector<std::uint64_t>& alerts,
                             std::uint64_t bytes) {
  Change change(*this);
  SQLite::Statement insert(*writer_, "INSERT INTO clips (id, bytes) VALUES (?, ?)");
  insert.bind(1, signed_of(clip));
  insert.bind(2, signed_of(bytes));
  insert.exec();
  int changed = 0;
  SQLite::Statement update(*writer_, "UPDATE alerts SET clip = ? WHERE id = ?");
  for (const std::uint64_t alert : alerts) {
    update.bind(1, signed_of(clip));
    update.bind(2, signed_of(alert));
    changed += update.exec();
    update.reset();
  }
  if (changed == 0) return false;
  change.commit();
  media_bytes_ += bytes;
  return true;
}

bool StoreDatabase::set_locked(std::uint64_t alert, bool locked) {
  Change change(*this);
  SQLite::Statement update(*writer_, "UPDATE alerts SET locked = ? WHERE id = ?");
  update.bind(1, locked ? 1 : 0);
  update.bind(2, signed_of(alert));
  if (update.exec() == 0) return false;
  change.commit();
  return true;
}

StoreDatabase::Media StoreDatabase::media() {
  Media media;
  SQLite::Statement snapshots(*writer_, "SELECT id FROM alerts WHERE snapshot_bytes > 0");
  while (snapshots.executeStep()) media.snapshots.insert(unsigned_of(snapshots.getColumn(0)));
  SQLite::Statement clips(*writer_, "SELECT id FROM clips");
  while (clips.executeStep()) media.clips.insert(unsigned_of(clips.getColumn(0)));
  return media;
}

void StoreDatabase::forget(const Media& gone) {
  {
    Change change(*this);
    const auto run = [this](const char* sql, const std::set<std::uint64_t>& ids) {
      SQLite::Statement statement(*writer_, sql);
      for (const std::uint64_t id : ids) {
        statement.bind(1, signed_of(id));
        statement.exec();
        statement.reset();
      }
    };
    run("UPDATE alerts SET snapshot_bytes = 0 WHERE id = ?", gone.snapshots);
    run("UPDATE alerts SET clip = NULL WHERE clip = ?", gone.clips);
    run("DELETE FROM clips WHERE id = ?", gone.clips);
    change.commit();
  }
  count();
}

std::vector<StoredRide> StoreDatabase::latest_rides() {
  SQLite::Statement select(*writer_,
                           "SELECT max(id), camera, start_ms, seen_ms, duration_s, distance_m, "
                           "known_s, moving_s, unseen FROM rides GROUP BY camera");
  std::vector<StoredRide> rides;
  while (select.executeStep())
    rides.push_back({unsigned_of(select.getColumn(0)),
                     select.getColumn(1).getString(),
                     from_unix_ms(select.getColumn(2).getInt64()),
                     from_unix_ms(select.getColumn(3).getInt64()),
                     select.getColumn(4).getDouble(),
                     {select.getColumn(5).getDouble(), select.getColumn(6).getDouble(),
                      select.getColumn(7).getDouble()},
                     stretches_from(select.getColumn(8).getString())});
  return rides;
}

std::uint64_t StoreDatabase::newest_ride_id() {
  return unsigned_of(writer_->execAndGet(
      "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'rides'"));
}

}  // namespace rearview
