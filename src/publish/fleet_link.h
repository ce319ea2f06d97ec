#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "nats/fleet_stream.h"
#include "publish/fleet_message.h"

namespace rearview {

/// A connection to the fleet's stream: sends without waiting, and has what the stream says to it.
/// Its end is final. One thread.
class FleetLink {
 public:
  /// Connects and has the stream made where it is missing. Throws UsageError and std::runtime_error
  /// with what is in the way.
  FleetLink(const NatsAccess& access, const FleetStreamLimits& limits, const std::stop_token& stop);

  /// number: comes back with the stream's answer; 0: none is wanted. False: it is too large for the
  /// server. Throws std::runtime_error when the connection is lost.
  bool send(const FleetMessage& message, std::uint64_t number);

  struct Answer {
    std::uint64_t number = 0;
    std::string problem;    ///< empty: it is in the stream
    bool for_good = false;  ///< the problem is the message's
  };
  /// Waits for answers, wait_ms at most. Throws std::runtime_error when the connection is lost.
  std::vector<Answer> answers(int wait_ms);
  /// Waits until the server has what was sent, wait_ms at most.
  void flush(int wait_ms);
  /// What the server last complained of, where no answer says it; else empty.
  std::string complaint() const;
  /// Throws std::runtime_error when the connection is lost.
  void check() const;

 private:
  NatsLink link_;
  std::string inbox_;
  NatsSubscription answers_;
};

}  // namespace rearview
