#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "types/analysis.h"
#include "types/heartbeat.h"

namespace rearview {

/// What the program leaves for the thread of one channel: only the newest of each thing, so that
/// nothing piles up before a channel that is slow. Alerts are not carried: the channel reads them
/// from the history. Giving: any thread, never waits. Taking: the channel's thread.
class Inbox {
 public:
  /// Throws std::system_error when the system has no descriptor left.
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// The history holds a new alert.
  void alert();
  void heartbeat(HeartbeatPtr heartbeat);
  void analysis(AnalysisPtr analysis);
  void picture(const std::string& camera, std::shared_ptr<const std::string> jpeg);
  void stop();

  /// For poll(): readable while there is news.
  int fd() const { return fd_; }

  struct News {
    bool stop = false;
    HeartbeatPtr heartbeat;             ///< null: none since the last time
    std::vector<AnalysisPtr> analyses;  ///< the newest of each camera that has a new one
    std::map<std::string, std::shared_ptr<const std::string>> pictures;  ///< likewise; JPEG
  };
  News take();
  /// Waits for news, timeout_ms at most.
  News wait(int timeout_ms);

 private:
  void wake();

  int fd_;
  Mutex mutex_;
  bool stop_ GUARDED_BY(mutex_) = false;
  HeartbeatPtr heartbeat_ GUARDED_BY(mutex_);
  std::map<std::string, AnalysisPtr> analyses_ GUARDED_BY(mutex_);  ///< by camera
  std::map<std::string, std::shared_ptr<const std::string>> pictures_ GUARDED_BY(mutex_);
};

}  // namespace rearview
