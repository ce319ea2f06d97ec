#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "store/media_folder.h"
#include "types/event_archive.h"

namespace SQLite {
class Database;
}

namespace rearview {

/// A store folder, read while a service may be writing in it. One thread.
class ArchiveFile {
 public:
  /// Throws UsageError when there is no store in the folder, or of another version.
  explicit ArchiveFile(const std::filesystem::path& folder);
  ~ArchiveFile();

  // These throw std::runtime_error when the database can't be read.
  std::optional<Alert> alert(std::uint64_t id) const;
  std::optional<std::filesystem::path> clip(std::uint64_t alert) const;
  std::optional<std::filesystem::path> tracks(std::uint64_t alert) const;
  std::optional<Ride> ride(std::uint64_t id) const;
  std::vector<Pass> passes(const PassQuery& query) const;

 private:
  MediaFolder media_;
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace rearview
