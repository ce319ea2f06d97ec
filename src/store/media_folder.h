#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

namespace rearview {

/// The files of snapshots and clips in a store folder: snapshots/7.jpg, clips/7.mp4 and its
/// sidecar clips/7.json. Each file is either whole or not there: it is written under another name
/// (.part), brought to the disk and only then renamed. Any thread, each file by one at a time.
class MediaFolder {
 public:
  /// folder: of the store. Nothing is made before the first write.
  explicit MediaFolder(std::filesystem::path folder);

  std::filesystem::path snapshot(std::uint64_t alert) const;
  std::filesystem::path clip(std::uint64_t clip) const;
  std::filesystem::path tracks(std::uint64_t clip) const;

  /// Calls fill with the name to write under, then puts the file in its place. Returns its size.
  /// Throws std::runtime_error or what fill throws; then neither file is there.
  std::uint64_t write(const std::filesystem::path& file,
                      const std::function<void(const std::filesystem::path&)>& fill) const;
  /// The same with bytes at hand.
  std::uint64_t write(const std::filesystem::path& file, const std::string& bytes) const;

  void remove_snapshot(std::uint64_t alert) const;
  /// With its sidecar.
  void remove_clip(std::uint64_t clip) const;

  /// What a program that was killed left behind: files half written, and files that belong to
  /// nothing. Also finds what should be there and isn't. Returns how many files it deleted.
  struct Found {
    std::set<std::uint64_t> snapshots;
    std::set<std::uint64_t> clips;  ///< video and sidecar are both there
  };
  std::size_t sweep(const std::set<std::uint64_t>& snapshots, const std::set<std::uint64_t>& clips,
                    Found& found) const;

  /// Bytes that may still be written on this disk; nullopt when that can't be found out.
  std::optional<std::uint64_t> free_bytes() const;
  /// Writes and deletes a small file. Throws std::runtime_error when the disk doesn't take it.
  void probe() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace rearview
