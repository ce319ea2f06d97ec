#pragma once

#include <filesystem>

namespace rearview {

/// Keeps other programs from writing in the same store folder: they would give the same ids.
class FolderLock {
 public:
  /// Makes the folder where it is missing. Throws std::runtime_error when it can't be used or
  /// another program has it.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace rearview
