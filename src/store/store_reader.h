#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/clip_span.h"
#include "types/event_archive.h"

namespace SQLite {
class Database;
}

namespace rearview {

/// What one alert has on disk besides its row.
struct AlertMedia {
  bool snapshot = false;
  std::optional<std::uint64_t> clip;  ///< number of the clip's files
};

/// Questions to an open store database (schema of store_database.cpp). One thread at a time;
/// throws SQLite::Exception. A row that is no alert or ride is passed over.
class StoreReader {
 public:
  /// database must outlive the reader.
  explicit StoreReader(SQLite::Database& database) : database_(database) {}

  /// Alerts with query.after < id < before, oldest first.
  std::vector<KeptAlert> alerts(const AlertQuery& query, std::uint64_t before) const;
  /// 0 without any.
  std::uint64_t newest_alert_id() const;
  /// nullopt: there is no such alert.
  std::optional<AlertMedia> media(std::uint64_t alert) const;
  /// Ids above after; an end for each, for the caller knows which ride goes on.
  std::vector<Ride> rides(const RideQuery& query) const;
  std::vector<Pass> passes(const PassQuery& query) const;
  /// `coming` is not known here.
  std::vector<Missed> missed(const MissedQuery& query) const;
  /// Number of the clip's files.
  std::optional<std::uint64_t> clip_of_missed(std::uint64_t moment) const;
  /// nullopt without a clip, or where nobody knows its time.
  std::optional<ClipSpan> span_of_missed(std::uint64_t moment) const;
  std::vector<TrackPoint> track(std::uint64_t ride) const;
  /// As EventArchive::epoch().
  std::string epoch() const;

 private:
  SQLite::Database& database_;
};

/// Milliseconds since 1970, as the database holds times.
std::int64_t unix_ms(WallTime time);
WallTime from_unix_ms(std::int64_t ms);

}  // namespace rearview
