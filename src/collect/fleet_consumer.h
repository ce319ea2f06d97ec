#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collect/stream_message.h"
#include "nats/nats_access.h"

namespace rearview {

/// Takes what gateways publish out of JetStream, through durable consumers that any number of
/// collectors share, one for each kind. One thread.
class FleetConsumer {
 public:
  /// Makes stream and consumers where they aren't there. name: what theirs begin with. replicas:
  /// servers that keep the stream that is made. Throws UsageError.
  FleetConsumer(const NatsAccess& access, const std::string& name, int replicas);
  ~FleetConsumer();
  FleetConsumer(const FleetConsumer&) = delete;
  FleetConsumer& operator=(const FleetConsumer&) = delete;

  /// Messages that nobody else has until acknowledge() or the end of the minute that the server
  /// waits for it. Of 500 messages and 8 MiB what is reached first; what of a kind came together
  /// comes together. Waits for the first one, but not for long; none: there is none. Throws
  /// std::runtime_error where the server doesn't give any and says why, or can't be asked.
  std::vector<StreamMessage> fetch();
  /// Those of the last fetch() needn't come again. One that the server doesn't learn of does.
  void acknowledge();
  /// How many more there are, by what the last message said.
  std::uint64_t pending() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
