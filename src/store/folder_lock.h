#pragma once

#include <filesystem>
#include <stdexcept>

namespace rearview {

/// The folder is another program's.
class FolderTaken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Keeps other programs from writing in the same store folder: they would give the same ids.
class FolderLock {
 public:
  /// Makes the folder where it is missing. Throws FolderTaken when another program has it,
  /// std::runtime_error when it can't be used.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace rearview
