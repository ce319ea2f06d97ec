#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/rows.h"
#include "store/store_change.h"

namespace rearview {
namespace {

/// insert: INSERT, and what to do about a row that is there.
template <Described T>
std::string insert_into(const char* insert, const char* table) {
  return fmt::format("{} INTO {} ({}) VALUES ({})", insert, table, columns<T>("{}"),
                     columns<T>(":{}"));
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

std::vector<RejectedRow> StoreDatabase::insert(const std::vector<KeptAlert>& alerts,
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
  SQLite::Statement row(writer(), insert_into<StoredRide>("INSERT", "rides") +
                                      " ON CONFLICT (id) DO UPDATE SET " +
                                      columns<StoredRide>("{0} = excluded.{0}"));
  for (const StoredRide& ride : rides)
    rows.take(row, fmt::format("ride {}", ride.id), [&] { bind_row(row, ride); });
}

std::size_t StoreDatabase::insert_alerts(const std::vector<KeptAlert>& alerts, Rows& rows) {
  // A batch that failed halfway is written again, whole.
  SQLite::Statement row(writer(),
                        "INSERT OR IGNORE INTO alerts (id, camera, kind, json, time_ms, ride, "
                        "locked, mark) VALUES (:id, :camera, :kind, :json, :time_ms, :ride, "
                        ":locked, :mark)");
  std::size_t added = 0;
  for (const KeptAlert& alert : alerts) {
    const int changed = rows.take(row, fmt::format("alert {}", alert.id), [&] {
      bind_value(row, ":id", alert.id);
      bind_value(row, ":camera", alert.camera);
      bind_value(row, ":kind", alert.kind);
      bind_value(row, ":json", *alert.json);
      bind_value(row, ":time_ms", alert.time);
      bind_value(row, ":ride", alert.keeping.ride);
      bind_value(row, ":locked", alert.keeping.locked);
      bind_value(row, ":mark", alert.keeping.mark);
    });
    added += static_cast<std::size_t>(changed);
  }
  return added;
}

void StoreDatabase::insert_passes(const std::vector<Pass>& passes, Rows& rows) {
  SQLite::Statement row(writer(), insert_into<Pass>("INSERT OR IGNORE", "passes"));
  for (const Pass& pass : passes)
    rows.take(row, fmt::format("pass {}", pass.id), [&] { bind_row(row, pass); });
}

std::size_t StoreDatabase::insert_track(const std::vector<StoredPoint>& track, Rows& rows) {
  SQLite::Statement row(writer(), insert_into<StoredPoint>("INSERT OR IGNORE", "track"));
  std::map<std::uint64_t, int> added;
  for (const StoredPoint& one : track)
    added[one.ride] += rows.take(row, fmt::format("second {} of ride {}", one.point.t_s, one.ride),
                                 [&] { bind_row(row, one); });
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
