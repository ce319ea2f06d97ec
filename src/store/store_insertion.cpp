#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/store_change.h"
#include "store/stretches.h"
#include "types/json.h"

namespace rearview {
namespace {

void bind_or_null(SQLite::Statement& statement, int index, const std::optional<double>& value) {
  if (value) statement.bind(index, *value);
}

void bind_or_null(SQLite::Statement& statement, int index,
                  const std::optional<std::uint64_t>& value) {
  if (value) statement.bind(index, signed_of(*value));
}

/// Whether another row might be taken all the same.
bool is_of_one_row(const SQLite::Exception& e) {
  const int code = e.getErrorCode() & 0xff;  // the rest are details
  return code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH;
}

}  // namespace

class StoreDatabase::Rows {
 public:
  /// Runs the statement, whose values bind gives; how many rows it changed. name: for the report.
  template <typename Bind>
  int take(SQLite::Statement& statement, const std::string& row, const Bind& bind) {
    int changed = 0;
    try {
      bind();
      changed = statement.exec();
    } catch (const SQLite::Exception& e) {
      if (!is_of_one_row(e)) throw;
      rejected_.push_back({row, e.what()});
    } catch (const std::exception& e) {  // its text can't be made
      rejected_.push_back({row, e.what()});
    }
    statement.tryReset();
    statement.clearBindings();
    return changed;
  }
  std::vector<RejectedRow> rejected() { return std::move(rejected_); }

 private:
  std::vector<RejectedRow> rejected_;
};

std::vector<RejectedRow> StoreDatabase::insert(const std::vector<Alert>& alerts,
                                               const std::vector<Pass>& passes,
                                               const std::vector<StoredRide>& rides,
                                               const std::vector<StoredPoint>& track) {
  Change change(*this);
  Rows rows;
  insert_rides(rides, rows);
  const std::size_t added = insert_alerts(alerts, rows);
  insert_passes(passes, rows);
  const std::size_t points = insert_track(track, rows);
  change.commit();
  alerts_ += added;
  track_points_ += points;
  return rows.rejected();
}

void StoreDatabase::insert_rides(const std::vector<StoredRide>& rides, Rows& rows) {
  SQLite::Statement row(
      writer(),
      "INSERT INTO rides (id, camera, start_ms, seen_ms, duration_s, distance_m, known_s, "
      "moving_s, unseen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
      "seen_ms = excluded.seen_ms, duration_s = excluded.duration_s, "
      "distance_m = excluded.distance_m, known_s = excluded.known_s, "
      "moving_s = excluded.moving_s, unseen = excluded.unseen");
  for (const StoredRide& ride : rides)
    rows.take(row, fmt::format("ride {}", ride.id), [&] {
      row.bind(1, signed_of(ride.id));
      row.bind(2, ride.camera);
      row.bind(3, unix_ms(ride.start));
      row.bind(4, unix_ms(ride.seen));
      row.bind(5, ride.duration_s);
      row.bind(6, ride.travelled.distance_m);
      row.bind(7, ride.travelled.known_s);
      row.bind(8, ride.travelled.moving_s);
      row.bind(9, text_of(ride.unseen));
    });
}

std::size_t StoreDatabase::insert_alerts(const std::vector<Alert>& alerts, Rows& rows) {
  // A batch that failed halfway is written again, whole.
  SQLite::Statement row(writer(),
                        "INSERT OR IGNORE INTO alerts (id, camera, kind, json, time_ms, ride, "
                        "locked) VALUES (?, ?, ?, ?, ?, ?, ?)");
  std::size_t added = 0;
  for (const Alert& alert : alerts) {
    const int changed = rows.take(row, fmt::format("alert {}", alert.id), [&] {
      Alert bare = alert;
      bare.keeping.reset();  // has columns of its own
      row.bind(1, signed_of(alert.id));
      row.bind(2, alert.camera);
      row.bind(3, std::string(name(alert.kind)));
      row.bind(4, dump(to_json(bare)));
      row.bind(5, unix_ms(alert.time));
      if (alert.keeping) bind_or_null(row, 6, alert.keeping->ride);
      row.bind(7, alert.keeping && alert.keeping->locked ? 1 : 0);
    });
    added += static_cast<std::size_t>(changed);
  }
  return added;
}

void StoreDatabase::insert_passes(const std::vector<Pass>& passes, Rows& rows) {
  SQLite::Statement row(
      writer(),
      "INSERT OR IGNORE INTO passes (id, ride, camera, time_ms, close, class, side, "
      "lead_s, lateral_m, closing_mps, lat_deg, lon_deg, accuracy_m, rider_speed_mps, "
      "ride_distance_m) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  for (const Pass& pass : passes)
    rows.take(row, fmt::format("pass {}", pass.id), [&] {
      row.bind(1, signed_of(pass.id));
      bind_or_null(row, 2, pass.ride);
      row.bind(3, pass.camera);
      row.bind(4, unix_ms(pass.time));
      row.bind(5, pass.close ? 1 : 0);
      row.bind(6, std::string(name(pass.vehicle_class)));
      row.bind(7, std::string(name(pass.side)));
      bind_or_null(row, 8, pass.lead_s);
      bind_or_null(row, 9, pass.lateral_m);
      bind_or_null(row, 10, pass.closing_mps);
      if (pass.position) {
        row.bind(11, pass.position->lat_deg);
        row.bind(12, pass.position->lon_deg);
        bind_or_null(row, 13, pass.position->accuracy_m);
      }
      bind_or_null(row, 14, pass.rider_speed_mps);
      bind_or_null(row, 15, pass.ride_distance_m);
    });
}

std::size_t StoreDatabase::insert_track(const std::vector<StoredPoint>& track, Rows& rows) {
  SQLite::Statement row(writer(),
                        "INSERT OR IGNORE INTO track (ride, t_s, lat_deg, lon_deg, "
                        "accuracy_m, speed_mps, distance_m) VALUES (?, ?, ?, ?, ?, ?, ?)");
  std::map<std::uint64_t, int> added;
  for (const auto& [ride, point] : track)
    added[ride] +=
        rows.take(row, fmt::format("second {} of ride {}", point.t_s, ride), [&, ride = ride] {
          row.bind(1, signed_of(ride));
          row.bind(2, point.t_s);
          row.bind(3, point.position.lat_deg);
          row.bind(4, point.position.lon_deg);
          bind_or_null(row, 5, point.position.accuracy_m);
          bind_or_null(row, 6, point.speed_mps);
          row.bind(7, point.distance_m);
        });
  SQLite::Statement count(writer(),
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

}  // namespace rearview
