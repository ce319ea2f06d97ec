#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "store/rows.h"
#include "store/store_change.h"

namespace rearview {
namespace {

/// Deleted at a time, so that an alert never waits long for its turn.
constexpr int kBatch = 200;
/// 2020-01-01; a clock that shows less was never set.
constexpr std::int64_t kClockSet_ms = 1'577'836'800'000;

}  // namespace

Removed StoreDatabase::remove_where(const std::string& which, std::int64_t value,
                                    bool with_passes) {
  Change change(*this);
  Removed removed;
  const std::uint64_t bytes = take_out(which, value, removed);
  if (with_passes) {
    SQLite::Statement pass(writer(), "DELETE FROM passes WHERE id = ?");
    for (const std::uint64_t alert : removed.alerts) {
      pass.bind(1, signed_of(alert));
      pass.exec();
      pass.reset();
    }
  }
  change.commit();
  count_out(removed, bytes);
  return removed;
}

std::uint64_t StoreDatabase::take_out(const std::string& which, std::int64_t value,
                                      Removed& removed) {
  std::uint64_t bytes = 0;
  std::set<std::uint64_t> clips;
  SQLite::Statement remove(
      writer(), "DELETE FROM alerts WHERE " + which + " RETURNING id, snapshot_bytes, clip");
  remove.bind(1, value);
  while (remove.executeStep()) {
    removed.alerts.push_back(unsigned_of(remove.getColumn(0)));
    if (const std::uint64_t size = unsigned_of(remove.getColumn(1)); size > 0) {
      removed.snapshots.push_back(removed.alerts.back());
      bytes += size;
    }
    if (!remove.getColumn(2).isNull()) clips.insert(unsigned_of(remove.getColumn(2)));
  }
  remove.reset();
  return bytes + take_out_unused(clips, removed);
}

std::uint64_t StoreDatabase::take_out_missed(const std::string& which, std::int64_t value,
                                             Removed& removed) {
  std::set<std::uint64_t> clips;
  SQLite::Statement remove(writer(), "DELETE FROM missed WHERE " + which + " RETURNING *");
  remove.bind(1, value);
  while (remove.executeStep()) {
    read_row(remove, removed.missed.emplace_back());
    const SQLite::Column clip = remove.getColumn("clip");
    if (!clip.isNull()) clips.insert(unsigned_of(clip));
  }
  remove.reset();
  return take_out_unused(clips, removed);
}

std::uint64_t StoreDatabase::take_out_unused(const std::set<std::uint64_t>& clips,
                                             Removed& removed) {
  std::uint64_t bytes = 0;
  SQLite::Statement unused(
      writer(),
      "DELETE FROM clips WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM alerts WHERE clip = ?1) "
      "AND NOT EXISTS (SELECT 1 FROM missed WHERE clip = ?1) RETURNING bytes");
  for (const std::uint64_t clip : clips) {
    unused.bind(1, signed_of(clip));
    while (unused.executeStep()) {
      removed.clips.push_back(clip);
      bytes += unsigned_of(unused.getColumn(0));
    }
    unused.reset();
  }
  return bytes;
}

void StoreDatabase::count_out(const Removed& removed, std::uint64_t bytes) {
  alerts_ -= std::min(removed.alerts.size(), alerts_);  // others may have written, too
  media_bytes_ -= std::min(bytes, media_bytes_);
}

std::optional<std::size_t> StoreDatabase::locked_in_ride(std::uint64_t ride) {
  SQLite::Statement known(writer(),
                          "SELECT (SELECT count(*) FROM alerts WHERE ride = ?1 AND locked) FROM "
                          "rides WHERE id = ?1");
  known.bind(1, signed_of(ride));
  if (!known.executeStep()) return std::nullopt;
  return unsigned_of(known.getColumn(0));
}

Removed StoreDatabase::remove_ride(std::uint64_t ride) {
  Change change(*this);
  Removed removed;
  std::uint64_t bytes = take_out_missed("ride = ?", signed_of(ride), removed);
  bytes += take_out("ride = ?", signed_of(ride), removed);
  const auto forget = [&](const char* sql) {
    SQLite::Statement statement(writer(), sql);
    statement.bind(1, signed_of(ride));
    return static_cast<std::uint64_t>(statement.exec());
  };
  forget("DELETE FROM passes WHERE ride = ?");
  const std::uint64_t points = forget("DELETE FROM track WHERE ride = ?");
  forget("DELETE FROM rides WHERE id = ?");
  change.commit();
  count_out(removed, bytes);
  track_points_ -= std::min(points, track_points_);
  return removed;
}

Removed StoreDatabase::remove(std::uint64_t alert) {
  return remove_where("id = ? AND locked = 0", signed_of(alert), true);
}

Removed StoreDatabase::remove_missed_where(const std::string& which, std::int64_t value) {
  Change change(*this);
  Removed removed;
  const std::uint64_t bytes = take_out_missed(which, value, removed);
  change.commit();
  count_out(removed, bytes);
  return removed;
}

Removed StoreDatabase::remove_missed(std::uint64_t moment) {
  return remove_missed_where("id = ?", signed_of(moment));
}

Removed StoreDatabase::remove_surplus_missed(std::size_t keep) {
  return remove_missed_where(
      "ride NOT IN (SELECT id FROM rides) OR "
      "id <= (SELECT id FROM missed ORDER BY id DESC LIMIT 1 OFFSET ?)",
      signed_of(keep));
}

Removed StoreDatabase::remove_older_missed(WallTime time) {
  return remove_missed_where(fmt::format("time_ms < ? AND time_ms > {}", kClockSet_ms),
                             unix_ms(time));
}

Removed StoreDatabase::remove_surplus(std::size_t keep, std::uint64_t open) {
  Removed removed;
  if (alerts_ > keep)
    removed = remove_where(
        fmt::format("id IN (SELECT id FROM alerts WHERE locked = 0 AND id < {} ORDER BY id "
                    "LIMIT ?)",
                    signed_of(open)),
        signed_of(alerts_ - keep));
  return removed;
}

void StoreDatabase::remove_surplus_history(std::size_t keep) {
  Change change(*this);
  for (const char* table : {"passes", "rides"}) {
    SQLite::Statement forget(
        writer(), fmt::format("DELETE FROM {0} WHERE id <= (SELECT id FROM {0} ORDER BY id DESC "
                              "LIMIT 1 OFFSET ?)",
                              table));
    forget.bind(1, signed_of(keep));
    forget.exec();
  }
  writer().exec("DELETE FROM track WHERE ride < (SELECT coalesce(min(id), 0) FROM rides)");
  change.commit();
  count();
}

bool StoreDatabase::remove_track_where(const std::string& which, std::int64_t value) {
  Change change(*this);
  SQLite::Statement oldest(
      writer(),
      "SELECT id, track_points FROM rides WHERE track_points > 0 AND NOT EXISTS "
      "(SELECT 1 FROM alerts WHERE ride = rides.id AND locked) AND " +
          which + " ORDER BY id LIMIT 1");
  oldest.bind(1, value);
  if (!oldest.executeStep()) return false;
  const std::int64_t ride = oldest.getColumn(0).getInt64();
  const std::uint64_t points = unsigned_of(oldest.getColumn(1));
  oldest.reset();
  for (const char* sql :
       {"DELETE FROM track WHERE ride = ?", "UPDATE rides SET track_points = 0 WHERE id = ?"}) {
    SQLite::Statement forget(writer(), sql);
    forget.bind(1, ride);
    forget.exec();
  }
  change.commit();
  track_points_ -= std::min(points, track_points_);
  return true;
}

void StoreDatabase::remove_surplus_tracks(std::uint64_t keep) {
  while (track_points_ > keep && remove_track_where("id > ?", 0)) {
  }
}

void StoreDatabase::remove_older_positions(WallTime time) {
  const std::int64_t before = unix_ms(time);
  while (remove_track_where(fmt::format("seen_ms < ? AND start_ms > {}", kClockSet_ms), before)) {
  }
  Change change(*this);
  SQLite::Statement forget(
      writer(), fmt::format("UPDATE passes SET lat_deg = NULL, lon_deg = NULL, accuracy_m = NULL "
                            "WHERE lat_deg IS NOT NULL AND time_ms < ? AND time_ms > {} AND NOT "
                            "EXISTS (SELECT 1 FROM alerts WHERE id = passes.id AND locked)",
                            kClockSet_ms));
  forget.bind(1, before);
  forget.exec();
  change.commit();
}

Removed StoreDatabase::remove_older(WallTime time, std::uint64_t open) {
  return remove_where(
      fmt::format("id IN (SELECT id FROM alerts WHERE time_ms < ? AND time_ms > {} AND "
                  "locked = 0 AND id < {} LIMIT {})",
                  kClockSet_ms, signed_of(open), kBatch),
      unix_ms(time));
}

Removed StoreDatabase::remove_oldest_media(std::uint64_t open) {
  Change change(*this);
  SQLite::Statement clip(
      writer(),
      "SELECT id, bytes FROM clips WHERE id < ? AND NOT EXISTS (SELECT 1 FROM alerts WHERE "
      "clip = clips.id AND locked) ORDER BY id LIMIT 1");
  clip.bind(1, signed_of(open));
  SQLite::Statement snapshot(writer(),
                             "SELECT id, snapshot_bytes FROM alerts WHERE snapshot_bytes > 0 AND "
                             "locked = 0 AND id < ? ORDER BY id LIMIT 1");
  snapshot.bind(1, signed_of(open));
  const bool has_clip = clip.executeStep();
  const bool has_snapshot = snapshot.executeStep();
  Removed removed;
  if (!has_clip && !has_snapshot) return removed;
  // Alerts before the clip's first one are older than it.
  const bool take_clip = has_clip && (!has_snapshot || clip.getColumn(0).getInt64() <=
                                                           snapshot.getColumn(0).getInt64());
  SQLite::Statement& oldest = take_clip ? clip : snapshot;
  const std::uint64_t id = unsigned_of(oldest.getColumn(0));
  const std::uint64_t bytes = unsigned_of(oldest.getColumn(1));
  clip.reset();
  snapshot.reset();
  if (take_clip) {
    SQLite::Statement remove(writer(), "DELETE FROM clips WHERE id = ?");
    remove.bind(1, signed_of(id));
    remove.exec();
  }
  SQLite::Statement update(
      writer(), take_clip ? "UPDATE alerts SET clip = NULL WHERE clip = ? RETURNING id"
                          : "UPDATE alerts SET snapshot_bytes = 0 WHERE id = ? RETURNING id");
  update.bind(1, signed_of(id));
  while (update.executeStep()) {
    if (take_clip) removed.clipless.push_back(unsigned_of(update.getColumn(0)));
  }
  update.reset();
  if (take_clip) {
    SQLite::Statement missed(writer(), "UPDATE missed SET clip = NULL WHERE clip = ?");
    missed.bind(1, signed_of(id));
    missed.exec();
  }
  change.commit();
  media_bytes_ -= std::min(bytes, media_bytes_);
  (take_clip ? removed.clips : removed.snapshots).push_back(id);
  return removed;
}

}  // namespace rearview
