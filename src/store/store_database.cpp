#include "store/store_database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "store/rows.h"
#include "store/store_change.h"
#include "store/store_schema.h"

namespace rearview {

bool StoreDatabase::set_snapshot(std::uint64_t alert, std::uint64_t bytes) {
  Change change(*this);
  SQLite::Statement update(writer(), "UPDATE alerts SET snapshot_bytes = ? WHERE id = ?");
  update.bind(1, signed_of(bytes));
  update.bind(2, signed_of(alert));
  if (update.exec() == 0) return false;
  change.commit();
  media_bytes_ += bytes;
  return true;
}

bool StoreDatabase::add_clip(std::uint64_t clip, const std::vector<std::uint64_t>& of,
                             std::uint64_t bytes, const std::optional<ClipSpan>& span) {
  Change change(*this);
  SQLite::Statement insert(
      writer(),
      "INSERT INTO clips (id, bytes, camera, from_ms, to_ms) VALUES (:id, :bytes, :camera, "
      ":from_ms, :to_ms)");
  bind_value(insert, ":id", clip);
  bind_value(insert, ":bytes", bytes);
  if (span) {
    bind_value(insert, ":camera", span->camera);
    bind_value(insert, ":from_ms", span->from);
    bind_value(insert, ":to_ms", span->to);
  }
  insert.exec();
  int changed = 0;
  for (const char* table : {"alerts", "missed"}) {
    SQLite::Statement update(writer(), fmt::format("UPDATE {} SET clip = ? WHERE id = ?", table));
    for (const std::uint64_t one : of) {
      update.bind(1, signed_of(clip));
      update.bind(2, signed_of(one));
      changed += update.exec();
      update.reset();
    }
  }
  if (changed == 0) return false;
  change.commit();
  media_bytes_ += bytes;
  return true;
}

bool StoreDatabase::set_locked(std::uint64_t alert, bool locked) {
  Change change(*this);
  SQLite::Statement update(writer(), "UPDATE alerts SET locked = ? WHERE id = ?");
  update.bind(1, locked ? 1 : 0);
  update.bind(2, signed_of(alert));
  if (update.exec() == 0) return false;
  change.commit();
  return true;
}

bool StoreDatabase::set_mark(std::uint64_t alert, std::optional<Mark> mark) {
  Change change(*this);
  SQLite::Statement update(writer(), "UPDATE alerts SET mark = :mark WHERE id = :id");
  bind_value(update, ":mark", mark);
  bind_value(update, ":id", alert);
  if (update.exec() == 0) return false;
  change.commit();
  return true;
}

std::optional<std::uint64_t> StoreDatabase::ride_at(const std::string& camera, WallTime time,
                                                    int gap_s) {
  SQLite::Statement select(
      writer(),
      "SELECT id FROM rides WHERE camera = :camera AND start_ms <= :time_ms AND "
      "seen_ms + 1000 * :gap_s >= :time_ms ORDER BY start_ms DESC LIMIT 1");
  bind_value(select, ":camera", camera);
  bind_value(select, ":time_ms", time);
  bind_value(select, ":gap_s", gap_s);
  return select.executeStep() ? std::optional(unsigned_of(select.getColumn(0))) : std::nullopt;
}

void StoreDatabase::add_missed(const Missed& moment) {
  Change change(*this);
  SQLite::Statement insert(writer(), fmt::format("INSERT INTO missed ({}) VALUES ({})",
                                                 columns<Missed>("{}"), columns<Missed>(":{}")));
  bind_row(insert, moment);
  insert.exec();
  change.commit();
}

bool StoreDatabase::lend_clip(std::uint64_t moment) {
  Change change(*this);
  SQLite::Statement update(
      writer(),
      "UPDATE missed SET clip = (SELECT id FROM clips WHERE camera = missed.camera AND "
      "missed.time_ms BETWEEN from_ms AND to_ms ORDER BY from_ms LIMIT 1) WHERE id = ? "
      "RETURNING clip");
  update.bind(1, signed_of(moment));
  const bool lent = update.executeStep() && !update.getColumn(0).isNull();
  update.reset();
  change.commit();
  return lent;
}

StoreDatabase::Media StoreDatabase::media() {
  Media media;
  SQLite::Statement snapshots(writer(), "SELECT id FROM alerts WHERE snapshot_bytes > 0");
  while (snapshots.executeStep()) media.snapshots.insert(unsigned_of(snapshots.getColumn(0)));
  SQLite::Statement clips(writer(), "SELECT id FROM clips");
  while (clips.executeStep()) media.clips.insert(unsigned_of(clips.getColumn(0)));
  return media;
}

void StoreDatabase::forget(const Media& gone) {
  {
    Change change(*this);
    const auto run = [this](const char* sql, const std::set<std::uint64_t>& ids) {
      SQLite::Statement statement(writer(), sql);
      for (const std::uint64_t id : ids) {
        statement.bind(1, signed_of(id));
        statement.exec();
        statement.reset();
      }
    };
    run("UPDATE alerts SET snapshot_bytes = 0 WHERE id = ?", gone.snapshots);
    run("UPDATE alerts SET clip = NULL WHERE clip = ?", gone.clips);
    run("UPDATE missed SET clip = NULL WHERE clip = ?", gone.clips);
    run("DELETE FROM clips WHERE id = ?", gone.clips);
    change.commit();
  }
  count();
}

std::vector<StoredRide> StoreDatabase::latest_rides() {
  SQLite::Statement select(writer(), "SELECT " + columns<StoredRide>("{}") +
                                         " FROM rides WHERE id IN "
                                         "(SELECT max(id) FROM rides GROUP BY camera)");
  std::vector<StoredRide> rides;
  while (select.executeStep()) {
    // Where somebody has spoilt it, a new one is begun.
    if (auto ride = stored_ride(select)) rides.push_back(std::move(*ride));
  }
  return rides;
}

std::map<std::uint64_t, Keeping> StoreDatabase::keeping(std::uint64_t first) {
  SQLite::Statement select(
      writer(), "SELECT id, locked, snapshot_bytes, clip, ride, mark FROM alerts WHERE id >= ?");
  select.bind(1, signed_of(first));
  std::map<std::uint64_t, Keeping> found;
  while (select.executeStep()) {
    found.emplace(unsigned_of(select.getColumn(0)), keeping_of(select));
  }
  return found;
}

}  // namespace rearview
