#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "publish/publish_config.h"

struct mosquitto;

namespace rearview {

struct MqttMessage {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  int expires_s = 0;  ///< the broker forgets it after so long; 0: never. MQTT 5 only.
};

/// One connection to a broker, from the first try to its end; for the next one make another. Never
/// waits, but for the look-up of the broker's name. One thread.
class MqttLink {
 public:
  /// answered: called from work() with the number of a message of quality 1 that the broker took,
  /// or refused. Throws UsageError when a file of the configuration can't be used.
  MqttLink(const MqttConfig& config, const MqttMessage& will,
           std::function<void(int number, bool taken)> answered);
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// Begins. Look at state().
  void connect();
  enum class State { connecting, connected, closed };
  State state() const { return state_; }
  /// Why it was closed.
  const std::string& problem() const { return problem_; }

  /// For poll(); -1 when closed.
  int fd() const;
  short events() const;
  /// Reads, writes and keeps the connection alive, after poll() or once a second.
  void work(short happened);

  /// Nothing waits to be written: there is room for what isn't important.
  bool idle() const;
  /// The message's number; 0 when the link is closed.
  int publish(const MqttMessage& message);
  void disconnect();

 private:
  struct Callbacks;
  void close(std::string problem);

  const MqttConfig config_;
  const bool version_5_;
  std::function<void(int, bool)> answered_;
  std::unique_ptr<mosquitto, void (*)(mosquitto*)> client_;
  State state_ = State::connecting;
  SteadyTime begun_;
  std::string problem_;
  std::string last_error_;  ///< the newest that the library logged
};

}  // namespace rearview
