#include "store/archive_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include <cstdint>
#include <limits>

#include "base/error.h"
#include "store/store_reader.h"
#include "store/store_schema.h"

namespace rearview {
namespace {

constexpr int kBusy_ms = 5000;
/// The database's ids are 64-bit signed.
constexpr auto kMostId = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

}  // namespace

ArchiveFile::ArchiveFile(const std::filesystem::path& folder) : media_(folder) {
  const std::string file = (folder / "alerts.db").string();
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    throw UsageError(fmt::format("{}: not a store folder of rearview serve", folder.string()));
  try {
    database_ = std::make_unique<SQLite::Database>(file, SQLite::OPEN_READONLY, kBusy_ms);
    const int version = database_->execAndGet("PRAGMA user_version").getInt();
    if (version == kSchemaVersion) return;
    throw UsageError(
        fmt::format("{}: schema {}, and this program knows {}; start rearview serve "
                    "of the newer version with it once",
                    file, version, kSchemaVersion));
  } catch (const SQLite::Exception& e) {
    throw UsageError(fmt::format("{}: can't be read: {}", file, e.what()));
  }
}

ArchiveFile::~ArchiveFile() = default;

std::vector<KeptAlert> ArchiveFile::alerts(const AlertQuery& query) const {
  return StoreReader(*database_).alerts(query, kMostId);
}

std::optional<KeptAlert> ArchiveFile::alert(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = alerts({.after = id - 1, .limit = 1});
  return found.empty() || found.front().id != id ? std::nullopt : std::optional(found.front());
}

std::uint64_t ArchiveFile::newest_id() const {
  return StoreReader(*database_).newest_alert_id();
}

std::optional<std::filesystem::path> ArchiveFile::clip(std::uint64_t alert) const {
  const auto has = StoreReader(*database_).media(alert);
  return has && has->clip ? std::optional(media_.clip(*has->clip)) : std::nullopt;
}

std::optional<std::filesystem::path> ArchiveFile::tracks(std::uint64_t alert) const {
  const auto has = StoreReader(*database_).media(alert);
  return has && has->clip ? std::optional(media_.tracks(*has->clip)) : std::nullopt;
}

std::vector<Ride> ArchiveFile::rides(const RideQuery& query) const {
  return StoreReader(*database_).rides(query);
}

std::optional<Ride> ArchiveFile::ride(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = rides({.after = id - 1, .limit = 1});
  return found.empty() || found.front().id != id ? std::nullopt : std::optional(found.front());
}

std::vector<Pass> ArchiveFile::passes(const PassQuery& query) const {
  return StoreReader(*database_).passes(query);
}

std::optional<std::filesystem::path> ArchiveFile::missed_clip(std::uint64_t moment) const {
  const auto clip = StoreReader(*database_).clip_of_missed(moment);
  return clip ? std::optional(media_.clip(*clip)) : std::nullopt;
}

std::optional<std::filesystem::path> ArchiveFile::missed_tracks(std::uint64_t moment) const {
  const auto clip = StoreReader(*database_).clip_of_missed(moment);
  return clip ? std::optional(media_.tracks(*clip)) : std::nullopt;
}

std::optional<ClipSpan> ArchiveFile::span_of_missed(std::uint64_t moment) const {
  return StoreReader(*database_).span_of_missed(moment);
}

std::vector<Missed> ArchiveFile::missed(const MissedQuery& query) const {
  return StoreReader(*database_).missed(query);
}

std::vector<TrackPoint> ArchiveFile::track(std::uint64_t ride) const {
  return StoreReader(*database_).track(ride);
}

}  // namespace rearview
