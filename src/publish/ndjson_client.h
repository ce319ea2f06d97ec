#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/output.h"
#include "publish/alert_feed.h"

namespace rearview {

/// Somebody who reads JSON lines. Alerts reach it complete and in order, at its own pace, straight
/// from the history; of heartbeats and analyses it is sent the newest it has room for. One thread.
class NdjsonClient {
 public:
  using Line = std::shared_ptr<const std::string>;

  /// hold_until: alerts wait so long for the client to say where to begin.
  NdjsonClient(Output output, AlertFeed feed, bool analyses, SteadyTime hold_until, SteadyTime now);

  void heartbeat(const Line& line);
  void analysis(const std::string& camera, const Line& line);
  /// Reads what the client asks for. Only for sockets.
  void read();
  /// Writes as much as the client takes. Throws what the history throws.
  void write(SteadyTime now);

  /// The other side has closed its connection.
  void hang_up() { gone_ = true; }

  int fd() const { return output_.fd(); }
  bool wants_analyses() const { return analyses_; }
  bool reads() const { return reading_; }
  bool waits() const { return sent_ < pending_.size(); }
  bool holds(SteadyTime now) const { return now < hold_until_; }
  bool gone() const { return gone_; }
  /// Since when it has taken nothing of what waits for it.
  SteadyTime stuck_since() const { return progress_; }

  std::uint64_t alerts() const { return alerts_; }  ///< written, not all of them taken yet
  std::uint64_t skipped() const {
    return skipped_;
  }  ///< heartbeats and analyses newer ones replaced

 private:
  bool flush(SteadyTime now);
  bool refill(SteadyTime now);
  void obey(const std::string& request);
  void append(const Line& line);

  Output output_;
  AlertFeed feed_;
  bool analyses_;
  SteadyTime hold_until_;
  SteadyTime progress_;
  bool reading_ = true;
  bool gone_ = false;
  bool closing_ = false;  ///< gone as soon as everything is written

  std::string request_;  ///< the line that has arrived so far
  std::string pending_;  ///< refilled only when all of it was sent, which bounds it
  std::size_t sent_ = 0;
  Line heartbeat_due_;
  std::map<std::string, Line> analyses_due_;  ///< by camera
  std::uint64_t alerts_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace rearview
