#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace rearview {

/// How far a receiver has got, on disk: one small file, written anew and put in place whole. One
/// thread.
class PositionFile {
 public:
  /// folder: the store's; empty: nothing is kept. name: of the receiver, fit for a file name.
  PositionFile(const std::filesystem::path& folder, const std::string& name);

  struct Position {
    std::uint64_t after = 0;  ///< everything up to this id is done with
    std::string history;      ///< names what ids belong to
  };
  /// nullopt without one, or where the file holds something else, which is logged.
  std::optional<Position> load() const;
  /// A disk that doesn't take it is logged; what was done since may then come a second time after
  /// a restart.
  void save(const Position& position);

 private:
  std::filesystem::path file_;  ///< empty: none
  bool failed_ = false;
};

}  // namespace rearview
