#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace rearview::camera {

/// The folder of recorded chunks: log0001.mkv and so on, their thumbnails log0001_<date>.jpg and,
/// for a chunk that must not be deleted, an empty log0001.lock. The folder is the only truth: what
/// is put there or taken away by hand counts. Any thread.
class Recordings {
 public:
  /// folder is made where it's missing; when that fails, as on a read-only disk, it is tried again
  /// by each create().
  explicit Recordings(std::filesystem::path folder);

  struct Chunk {
    std::filesystem::path path;
    std::uint64_t number = 0;
    std::uint64_t size_bytes = 0;
    std::int64_t updated_unix_s = 0;  ///< last change
    bool locked = false;
    bool open = false;  ///< is being written
  };
  /// Oldest first.
  std::vector<Chunk> list() const;
  /// The chunk that a client names by its absolute path; nullopt when it isn't one of list(). Links
  /// are never followed.
  std::optional<Chunk> find(std::string_view path) const;
  /// The chunk of that file name.
  std::optional<Chunk> find_name(std::string_view name) const;

  /// Opens the next chunk's new file for writing; the caller owns the descriptor. It is the open
  /// one until finished(), and has another name and is in no list until give_name(): so that a
  /// program that is killed leaves no chunk behind that can't be played. Throws std::system_error.
  struct Created {
    std::filesystem::path path;  ///< once it has its name
    int descriptor;
  };
  Created create();
  /// The open one holds a picture. Throws std::system_error.
  void give_name();
  /// An open one that was not given its name is deleted; its number is free again.
  void finished();
  /// Whether the open one still stands under its name: a disk that was pulled and a folder that was
  /// deleted take all that is written without a word.
  bool open_is_there() const;

  /// Where the thumbnail of a chunk belongs.
  static std::filesystem::path thumbnail_of(const Chunk& chunk);
  /// The thumbnail that a client names by its absolute path, if it is one of ours and there.
  std::optional<std::filesystem::path> find_thumbnail(std::string_view path) const;

  /// Deletes the oldest chunk that is neither open nor locked, with what belongs to it. False when
  /// there is none.
  bool remove_oldest();
  /// Deletes what a program that was killed at once left behind: files without a picture.
  void remove_worthless();
  /// Deletes all that are neither open nor locked; returns how many.
  std::size_t wipe();
  /// False when there is no such chunk or the disk doesn't let it.
  bool set_locked(std::string_view name, bool locked);

  /// Bytes free for us on the disk; nullopt when that can't be found out.
  std::optional<std::uint64_t> free_bytes() const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  struct File {
    std::filesystem::path path;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
  };
  bool remove(const Chunk& chunk);

  std::filesystem::path folder_;
  Mutex changes_mutex_;  // of what changes the folder; reading never waits for a slow disk
  std::uint64_t last_number_ GUARDED_BY(changes_mutex_) = 0;
  std::filesystem::path open_name_;            // once it has it
  File open_;                                  // only the thread of create() and finished()
  std::atomic<std::uint64_t> open_number_{0};  // 0: none is open
};

}  // namespace rearview::camera
