#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "publish/mqtt_message.h"
#include "publish/publish_config.h"

struct mosquitto;

namespace rearview {

/// A session with a broker, over as many connections as it takes: what was published with quality 1
/// or 2 and not answered is sent again on the next one, and with quality 2 reaches nobody twice.
/// It begins anew with each link, because the numbers of messages do: an older session of the same
/// name is cleared before. Never waits, but for the look-up of the broker's name. What a broker
/// sends may end the program inside the library, so it lives in the MQTT process (MqttProcess)
/// alone. One thread.
class MqttLink {
 public:
  /// answered: called from work() with the number of a message of quality 1 or 2 that the broker
  /// took, or refused. Throws UsageError when a file of the configuration can't be used.
  MqttLink(const MqttConfig& config, const MqttMessage& will,
           std::function<void(int number, bool taken)> answered);
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// Begins a connection; when closed, the next one. Look at state(). Throws UsageError when the
  /// password can't be read.
  void connect();
  enum class State { connecting, connected, closed };
  State state() const { return state_; }
  /// On this connection the broker went on with the session of the one before.
  bool resumed() const { return resumed_; }
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
  void make_client(bool clean);
  void log_in();
  void begin();
  void close(std::string problem);

  const MqttConfig config_;
  const bool version_5_;
  const MqttMessage will_;
  std::function<void(int, bool)> answered_;
  std::unique_ptr<mosquitto, void (*)(mosquitto*)> client_;
  bool cleared_ = false;  ///< the broker has forgotten any older session
  bool session_ = false;  ///< client_ is the one with the session
  bool resumed_ = false;
  State state_ = State::closed;
  SteadyTime begun_;
  std::string problem_;
  std::string last_error_;  ///< the newest that the library logged
};

}  // namespace rearview
