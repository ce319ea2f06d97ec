#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "publish/mqtt_frame.h"

namespace rearview {

/// One end of the socket between the service and its MQTT process. Never waits; holds a bounded
/// number of bytes. One thread.
class MqttPipe {
 public:
  /// Takes the descriptor, which doesn't block, over. most_bytes: of one frame of the other side.
  MqttPipe(int fd, std::size_t most_bytes);
  ~MqttPipe();
  MqttPipe(const MqttPipe&) = delete;
  MqttPipe& operator=(const MqttPipe&) = delete;

  /// Writes it, or what goes of it now.
  void send(const MqttFrame& frame);
  /// After poll(): reads and writes.
  void work(short happened);
  /// The next frame that came; also what came before the other side went.
  std::optional<MqttFrame> next();
  /// The other side has gone, takes nothing, or talks nonsense.
  bool broken() const { return broken_; }
  /// For poll().
  int fd() const { return fd_; }
  short events() const;
  /// How long the other side has said nothing.
  double silent_s(SteadyTime now) const { return seconds_between(heard_, now); }

 private:
  void write();

  const int fd_;
  MqttFrameReader reader_;
  std::string unwritten_;
  bool broken_ = false;
  SteadyTime heard_ = SteadyClock::now();
};

}  // namespace rearview
