#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "store/clip_span.h"
#include "store/media_folder.h"
#include "types/event_archive.h"

namespace SQLite {
class Database;
}

namespace rearview {

/// A store folder, read while a service may be writing in it. A ride that goes on ends, as far as
/// this knows, where the service last wrote it down. One thread.
class ArchiveFile final : public RideArchive {
 public:
  /// Throws UsageError when there is no store in the folder, or of another version.
  explicit ArchiveFile(const std::filesystem::path& folder);
  ~ArchiveFile() override;

  std::vector<KeptAlert> alerts(const AlertQuery& query) const override;
  std::optional<KeptAlert> alert(std::uint64_t id) const override;
  std::uint64_t newest_id() const override;
  std::optional<std::filesystem::path> clip(std::uint64_t alert) const;
  std::optional<std::filesystem::path> tracks(std::uint64_t alert) const;
  std::vector<Ride> rides(const RideQuery& query) const override;
  std::optional<Ride> ride(std::uint64_t id) const override;
  std::vector<Pass> passes(const PassQuery& query) const override;
  std::optional<std::filesystem::path> missed_clip(std::uint64_t moment) const;
  std::optional<std::filesystem::path> missed_tracks(std::uint64_t moment) const;
  /// From when to when its clip is; nullopt without one, or where nobody knows.
  std::optional<ClipSpan> span_of_missed(std::uint64_t moment) const;
  std::vector<Missed> missed(const MissedQuery& query) const override;
  std::vector<TrackPoint> track(std::uint64_t ride) const override;

 private:
  MediaFolder media_;
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace rearview
