#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rearview {

/// Files that are open, by name: SQLite goes on writing to one that was deleted or moved away, and
/// nothing fails. One thread.
class WatchedFiles {
 public:
  /// From here on these. Those that aren't there are not watched.
  void watch(const std::vector<std::filesystem::path>& files);
  /// The first whose name no longer leads to what it was, in words; empty while all do.
  std::string gone() const;

 private:
  struct One {
    std::filesystem::path file;
    dev_t device;
    ino_t inode;
  };
  std::vector<One> all_;
};

}  // namespace rearview
