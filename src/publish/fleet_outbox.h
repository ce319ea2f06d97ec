#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "publish/fleet_message.h"
#include "publish/position_file.h"

namespace rearview {

/// What the store has of one kind for a receiver that may have many under way: each once, in the
/// order of ids, and again from the first that wasn't acknowledged. Holds a page at most. One
/// thread.
class FleetOutbox {
 public:
  struct Entry {
    std::uint64_t id = 0;
    WallTime time;
    FleetMessage message;
  };
  struct Page {
    std::vector<Entry> entries;
    std::uint64_t up_to = 0;  ///< without entries: everything up to it is none of this kind
  };
  /// What stands behind an id, oldest first, or some of it.
  using Read = std::function<Page(std::uint64_t after)>;

  struct Start {
    std::uint64_t begin = 0;  ///< a receiver that is new begins behind this id
    /// The greatest id there is. A position behind it comes of another history: only what is new
    /// makes sense then.
    std::uint64_t newest = 0;
  };
  /// pause_s: after a page without entries.
  FleetOutbox(const std::filesystem::path& folder, const std::string& name, const Start& start,
              double pause_s, Read read);

  /// The next that isn't under way; nullptr while there is none. Throws what reading throws.
  const Entry* next();
  /// What next() gave is under way.
  void sent();
  /// The first that is under way was taken, or never will be.
  void done(std::uint64_t id) { done_ = id; }
  /// Nothing is under way any more.
  void again();
  /// Everything up to this id is done with.
  std::uint64_t position() const { return done_; }
  /// Brings the position to the disk where it has changed. history: names what ids belong to.
  void remember(const std::string& history);

 private:
  PositionFile file_;
  const double pause_s_;
  const Read read_;
  std::uint64_t done_;
  std::uint64_t sent_;
  std::uint64_t kept_;
  std::deque<Entry> page_;
  SteadyTime read_at_;
};

}  // namespace rearview
