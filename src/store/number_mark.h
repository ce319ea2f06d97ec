#pragma once

#include <cstdint>
#include <filesystem>

namespace rearview {

/// The first ids that nobody was given yet.
struct NextIds {
  std::uint64_t alert = 1;
  std::uint64_t ride = 1;

  bool operator==(const NextIds&) const = default;
};

/// A small file beside the database that outlives it: numbers that were ever given are not given
/// again where the database is damaged, deleted or replaced by an older one. One thread.
class NumberMark {
 public:
  /// folder: of the store.
  explicit NumberMark(const std::filesystem::path& folder);

  /// What the file says; {1, 1} where there is none or it holds something else.
  NextIds read() const;
  /// On disk when it returns. Throws std::runtime_error when the disk doesn't take it.
  void write(const NextIds& next) const;

 private:
  std::filesystem::path file_;
};

}  // namespace rearview
