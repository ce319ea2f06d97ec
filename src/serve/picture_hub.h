#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "http/io_loop.h"
#include "http/responder.h"
#include "http/stream.h"

namespace rearview {

/// One camera's pictures on their way to those who watch: each gets the newest when its connection
/// is ready for one, whatever the others do. I/O thread, where not said otherwise.
class PictureHub {
 public:
  PictureHub(http::IoLoop& loop, SteadyClock::duration snapshot_wait);

  /// Any thread.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed) > 0; }
  /// Any thread.
  void publish(std::shared_ptr<const std::string> jpeg);

  /// multipart/x-mixed-replace without end.
  http::Response watch();
  /// Answers with the next picture, or 503 when none comes in time.
  void snapshot(http::Responder responder);
  /// To be called several times a second: repeats the last picture to those who got none for a
  /// second, ends waits.
  void tick(SteadyTime now);

  /// The camera has gone: ends those who watch or wait.
  void end();

  std::size_t viewers() const { return viewers_.size(); }
  std::uint64_t pictures() const { return pictures_; }

 private:
  struct Waiting {
    http::Responder responder;
    SteadyTime deadline;
  };
  void deliver();
  void update_wanted();

  http::IoLoop& loop_;
  const SteadyClock::duration snapshot_wait_;
  std::atomic<std::size_t> wanted_ = 0;

  Mutex mutex_;
  std::shared_ptr<const std::string> incoming_ GUARDED_BY(mutex_);

  std::unordered_set<std::shared_ptr<http::Stream>> viewers_;
  std::vector<Waiting> waiting_;
  http::Bytes newest_part_;  ///< null without viewers
  SteadyTime sent_time_;     ///< of the last picture sent, repeats included
  std::uint64_t pictures_ = 0;
};

}  // namespace rearview
