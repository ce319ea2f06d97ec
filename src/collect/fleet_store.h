#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "collect/database.h"
#include "collect/stream_message.h"

namespace rearview {

/// What became of messages.
struct Kept {
  std::uint64_t rows = 0;     ///< alerts, passes and rides that weren't there
  std::uint64_t known = 0;    ///< those that were
  std::uint64_t states = 0;   ///< of the road and the gateway
  std::uint64_t refused = 0;  ///< not understood; they lie in a table of their own
};

/// Writes what fleets tell into PostgreSQL. One thread.
class FleetStore {
 public:
  /// Connects and brings the tables up to date. Throws UsageError and DatabaseError.
  explicit FleetStore(const std::string& url);

  /// All of it in one transaction. What the database can't hold is refused for itself. Throws
  /// DatabaseError where nothing was kept, or that can't be known: keeping it again does no harm.
  Kept keep(const std::vector<StreamMessage>& messages);
  /// Deletes what the stream got more than so many days ago, a part at a time; returns how many
  /// rows it were, 0 when nothing is left to delete. Throws DatabaseError.
  std::uint64_t forget(int keep_days);
  bool lost() const { return database_.lost(); }

 private:
  Kept insert(const std::string& batch);
  void refuse(const StreamMessage& message, const std::string& reason);
  Kept keep_one_by_one(const std::vector<const StreamMessage*>& messages);

  Database database_;
};

}  // namespace rearview
