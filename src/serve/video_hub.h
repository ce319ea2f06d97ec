#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/now.h"
#include "http/io_loop.h"
#include "http/stream.h"
#include "types/analysis.h"
#include "types/live_access_unit.h"

namespace rearview {

/// One camera's H.264 as it came, on its way to those who decode it themselves, and the analyses
/// that belong to it. A viewer begins with the last IDR, so that a picture comes at once; one that
/// is too slow misses everything up to the next. I/O thread, where not said otherwise.
class VideoHub {
 public:
  /// most_bytes: what may wait for one viewer, and what is kept for the next one; now: by which
  /// pictures grow old.
  VideoHub(http::IoLoop& loop, std::size_t most_bytes, Now now);

  /// Any thread; doesn't block.
  void publish(const LiveAccessUnit& unit);
  /// Any thread; doesn't block.
  void publish(AnalysisPtr analysis);

  /// A WebSocket of binary messages (docs/http-api.md).
  http::Response watch();

  /// The camera has gone: ends those who watch.
  void end();

  std::size_t viewers() const { return viewers_.size(); }
  /// Access units that viewers missed because they were too slow.
  std::uint64_t skipped() const { return skipped_; }

 private:
  struct Piece {
    http::Bytes message;      ///< of an access unit
    AnalysisPtr analysis;     ///< otherwise; put in words only where somebody reads it
    std::uint32_t epoch = 0;  ///< of an access unit
    bool begins = false;      ///< decoding can begin with it
  };
  struct Waiting {
    http::Bytes message;
    bool unit = false;
    SteadyTime since;
  };
  struct Viewer {
    std::shared_ptr<http::Stream> stream;
    std::deque<Waiting> waiting;
    std::size_t waiting_bytes = 0;
    bool decoding = false;  ///< it has been given an IDR and everything since
    bool behind = false;    ///< it had been, and was too slow
  };

  void add(Piece piece, std::size_t bytes);
  void deliver();
  /// What follows doesn't continue what came before.
  void interrupt();
  void remember(const Piece& piece);
  void give(Viewer& viewer, const http::Bytes& message, bool unit, bool begins);
  void pump(Viewer& viewer);

  http::IoLoop& loop_;
  const std::size_t most_bytes_;
  const Now now_;
  std::atomic<std::size_t> watched_ = 0;

  Mutex mutex_;
  std::vector<Piece> incoming_ GUARDED_BY(mutex_);
  std::size_t incoming_bytes_ GUARDED_BY(mutex_) = 0;
  bool gap_ GUARDED_BY(mutex_) = false;  ///< some were lost in front of incoming_

  std::vector<http::Bytes> group_;  ///< the last IDR and what followed; empty when it grew too big
  std::size_t group_bytes_ = 0;
  std::uint32_t epoch_ = 0;  ///< of the last access unit
  SteadyTime newest_;        ///< when the last access unit came
  std::unordered_map<http::Stream*, Viewer> viewers_;
  std::uint64_t skipped_ = 0;
};

}  // namespace rearview
