#include "store/archive_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "base/error.h"
#include "store/store_database.h"

namespace rearview {
namespace {

constexpr int kBusy_ms = 5000;

}  // namespace

ArchiveFile::ArchiveFile(const std::filesystem::path& folder) : media_(folder) {
  const std::string file = (folder / "alerts.db").string();
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    throw UsageError(fmt::format("{}: not a store folder of rearview serve", folder.string()));
  try {
    database_ = std::make_unique<SQLite::Database>(file, SQLite::OPEN_READONLY, kBusy_ms);
    const int version = database_->execAndGet("PRAGMA user_version").getInt();
    if (version == StoreDatabase::kSchemaVersion) return;
    throw UsageError(
        fmt::format("{}: schema {}, and this program knows {}; start rearview serve "
                    "of the newer version with it once",
                    file, version, StoreDatabase::kSchemaVersion));
  } catch (const SQLite::Exception& e) {
    throw UsageError(fmt::format("{}: can't be read: {}", file, e.what()));
  }
}

ArchiveFile::~ArchiveFile() = default;

std::optional<Alert> ArchiveFile::alert(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = StoreReader(*database_).alerts({.after = id - 1, .limit = 1}, id + 1);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

std::optional<std::filesystem::path> ArchiveFile::clip(std::uint64_t alert) const {
  const auto has = StoreReader(*database_).media(alert);
  return has && has->clip ? std::optional(media_.clip(*has->clip)) : std::nullopt;
}

std::optional<std::filesystem::path> ArchiveFile::tracks(std::uint64_t alert) const {
  const auto has = StoreReader(*database_).media(alert);
  return has && has->clip ? std::optional(media_.tracks(*has->clip)) : std::nullopt;
}

std::optional<Ride> ArchiveFile::ride(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = StoreReader(*database_).rides({.after = id - 1, .limit = 1});
  return found.empty() || found.front().id != id ? std::nullopt : std::optional(found.front());
}

std::vector<Pass> ArchiveFile::passes(const PassQuery& query) const {
  return StoreReader(*database_).passes(query);
}

}  // namespace rearview
