#pragma once

#include <filesystem>
#include <string>

namespace rearview {

/// A new folder in $TMPDIR that nobody else can read. It goes with its object, and all in it.
class TemporaryFolder {
 public:
  /// Throws std::runtime_error where none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;  ///< empty: moved from
};

}  // namespace rearview
