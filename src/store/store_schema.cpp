#include "store/store_schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

#include "store/stretches.h"
#include "types/json.h"

namespace rearview {
namespace {

/// Alerts.
void version_1(SQLite::Database& database) {
  database.exec(
      "CREATE TABLE alerts (id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL, "
      "json TEXT NOT NULL)");
  database.exec("CREATE TABLE ids (next_id INTEGER NOT NULL)");
  database.exec("INSERT INTO ids VALUES (1)");
}

/// Snapshots, clips, rides, passes.
void version_2(SQLite::Database& database) {
  database.exec("ALTER TABLE alerts ADD COLUMN time_ms INTEGER NOT NULL DEFAULT 0");
  database.exec("ALTER TABLE alerts ADD COLUMN locked INTEGER NOT NULL DEFAULT 0");
  database.exec("ALTER TABLE alerts ADD COLUMN snapshot_bytes INTEGER NOT NULL DEFAULT 0");
  database.exec("ALTER TABLE alerts ADD COLUMN clip INTEGER");
  database.exec("ALTER TABLE alerts ADD COLUMN ride INTEGER");
  database.exec(  // 2440587.5: the Julian day of 1970-01-01
      "UPDATE alerts SET time_ms = "
      "round((julianday(json_extract(json, '$.time')) - 2440587.5) * 86400000)");
  database.exec("CREATE INDEX alerts_by_time ON alerts (time_ms)");
  database.exec("CREATE INDEX alerts_by_clip ON alerts (clip) WHERE clip IS NOT NULL");
  database.exec("CREATE INDEX alerts_by_ride ON alerts (ride) WHERE ride IS NOT NULL");
  database.exec("CREATE INDEX snapshots ON alerts (id) WHERE snapshot_bytes > 0 AND locked = 0");
  database.exec("CREATE TABLE clips (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL)");
  database.exec(
      "CREATE TABLE rides (id INTEGER PRIMARY KEY AUTOINCREMENT, camera TEXT NOT NULL, "
      "start_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, duration_s REAL NOT NULL)");
  database.exec(
      "CREATE TABLE passes (id INTEGER PRIMARY KEY, ride INTEGER, camera TEXT NOT NULL, "
      "time_ms INTEGER NOT NULL, close INTEGER NOT NULL, class TEXT NOT NULL, side TEXT NOT NULL, "
      "lead_s REAL, lateral_m REAL, closing_mps REAL)");
  database.exec("CREATE INDEX passes_by_ride ON passes (ride) WHERE ride IS NOT NULL");
}

/// Positions.
void version_3(SQLite::Database& database) {
  for (const char* column : {"distance_m", "known_s", "moving_s"})
    database.exec(fmt::format("ALTER TABLE rides ADD COLUMN {} REAL NOT NULL DEFAULT 0", column));
  database.exec("ALTER TABLE rides ADD COLUMN track_points INTEGER NOT NULL DEFAULT 0");
  for (const char* column :
       {"lat_deg", "lon_deg", "accuracy_m", "rider_speed_mps", "ride_distance_m"})
    database.exec(fmt::format("ALTER TABLE passes ADD COLUMN {} REAL", column));
  database.exec("CREATE INDEX passes_located ON passes (time_ms) WHERE lat_deg IS NOT NULL");
  database.exec(
      "CREATE TABLE track (ride INTEGER NOT NULL, t_s INTEGER NOT NULL, lat_deg REAL NOT NULL, "
      "lon_deg REAL NOT NULL, accuracy_m REAL, speed_mps REAL, distance_m REAL NOT NULL, "
      "PRIMARY KEY (ride, t_s)) WITHOUT ROWID");
}

/// When nobody saw the road. Of rides before it only what their alerts told is known.
void version_4(SQLite::Database& database) {
  database.exec("ALTER TABLE rides ADD COLUMN unseen TEXT NOT NULL DEFAULT '[]'");
  SQLite::Statement told(
      database,
      "SELECT rides.id, kind, (alerts.time_ms - rides.start_ms) / 1000.0, "
      "coalesce(json_extract(json, '$.blind_s'), 0), rides.duration_s FROM rides "
      "LEFT JOIN alerts ON alerts.ride = rides.id ORDER BY rides.id, alerts.id");
  struct Told {
    std::vector<Stretch> unseen;
    std::optional<double> since_s;
    double duration_s = 0;
  };
  std::map<std::int64_t, Told> rides;
  while (told.executeStep()) {
    Told& ride = rides[told.getColumn(0).getInt64()];
    ride.duration_s = told.getColumn(4).getDouble();
    if (told.getColumn(1).isNull()) continue;
    const auto kind = from_name<AlertKind>(told.getColumn(1).getString());
    const double t_s = told.getColumn(2).getDouble();
    if (kind == AlertKind::camera_lost || kind == AlertKind::view_blocked) {
      if (!ride.since_s) ride.since_s = t_s - told.getColumn(3).getDouble();
    } else if (ride.since_s) {
      add_stretch(ride.unseen, *ride.since_s, std::min(t_s, ride.duration_s));
      ride.since_s.reset();
    }
  }
  SQLite::Statement keep(database, "UPDATE rides SET unseen = ? WHERE id = ?");
  for (auto& [id, ride] : rides) {
    if (ride.since_s && *ride.since_s < ride.duration_s)
      add_stretch(ride.unseen, *ride.since_s, ride.duration_s);
    keep.bind(1, text_of(ride.unseen));
    keep.bind(2, id);
    keep.exec();
    keep.reset();
  }
}

/// What riders say of alerts, and what they missed. Of clips before it nobody knows the time.
void version_5(SQLite::Database& database) {
  database.exec("ALTER TABLE alerts ADD COLUMN mark TEXT");
  database.exec("ALTER TABLE clips ADD COLUMN camera TEXT");
  database.exec("ALTER TABLE clips ADD COLUMN from_ms INTEGER");
  database.exec("ALTER TABLE clips ADD COLUMN to_ms INTEGER");
  database.exec(
      "CREATE TABLE missed (id INTEGER PRIMARY KEY, ride INTEGER NOT NULL, camera TEXT NOT NULL, "
      "time_ms INTEGER NOT NULL, note TEXT NOT NULL, clip INTEGER)");
  database.exec("CREATE INDEX missed_by_ride ON missed (ride)");
  database.exec("CREATE INDEX missed_by_clip ON missed (clip) WHERE clip IS NOT NULL");
}

/// What names this store among all.
void version_6(SQLite::Database& database) {
  database.exec("CREATE TABLE store (epoch TEXT NOT NULL)");
  database.exec("INSERT INTO store VALUES (lower(hex(randomblob(8))))");
}

}  // namespace

bool make_schema(SQLite::Database& database, const std::string& file) {
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version > kSchemaVersion)
    throw std::runtime_error(fmt::format("{}: written by a newer version (schema {}, known {})",
                                         file, version, kSchemaVersion));
  if (version == kSchemaVersion) return false;
  SQLite::Transaction transaction(database);
  if (version < 1) version_1(database);
  if (version < 2) version_2(database);
  if (version < 3) version_3(database);
  if (version < 4) version_4(database);
  if (version < 5) version_5(database);
  version_6(database);
  database.exec(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
  transaction.commit();
  return version < 1;
}

}  // namespace rearview
