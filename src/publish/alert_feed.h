#pragma once

#include <cstdint>
#include <deque>

#include "types/alert_history.h"

namespace rearview {

/// The history's alerts one after the other, from a position on: each once, in the order of their
/// ids, however long it takes to deliver one. Holds a page of them at most. One thread.
class AlertFeed {
 public:
  /// history must outlive the feed.
  AlertFeed(const AlertHistory& history, std::uint64_t after) : history_(history) { seek(after); }

  /// The next alert; nullptr while there is none. Throws what the history throws.
  const KeptAlert* next();
  /// The alert that next() gave has been delivered.
  void done();
  /// Goes on behind this id. One that was never given comes of another history: only what is new
  /// makes sense then.
  void seek(std::uint64_t after);

  /// Everything up to this id has been delivered or doesn't exist.
  std::uint64_t position() const { return position_; }
  /// How many ids there are behind the position; those of deleted alerts count too.
  std::uint64_t waiting() const;

 private:
  const AlertHistory& history_;
  std::uint64_t position_ = 0;
  std::deque<KeptAlert> page_;
};

}  // namespace rearview
