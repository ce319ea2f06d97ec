#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "publish/mqtt_message.h"
#include "publish/mqtt_pipe.h"
#include "publish/publish_config.h"

namespace rearview {

/// MqttLink in a process of its own: what a broker sends is read by a library that may abort on it
/// (libmosquitto does on an unknown property of MQTT 5), and no broker may end the service. The
/// process is this program again. Where it ends or hangs, the link is closed, and the next
/// connection begins with a new process, which knows nothing of what was under way. Never waits,
/// but for the beginning of the first process and the end of each. One thread.
class MqttProcess {
 public:
  enum class Answer {
    taken,    ///< by the broker; of quality 0: written
    refused,  ///< by the broker
    lost      ///< nothing is known; it isn't sent again
  };
  enum class State { connecting, connected, closed };

  /// answered: called from work() for each message once. It may publish, unless it was lost. Throws
  /// UsageError when a file of the configuration can't be used, std::runtime_error when the process
  /// can't begin.
  MqttProcess(const MqttConfig& config, const MqttMessage& will,
              std::function<void(int number, Answer answer)> answered);
  /// Ends the process. Without disconnect() the broker takes the service for gone.
  ~MqttProcess();
  MqttProcess(const MqttProcess&) = delete;
  MqttProcess& operator=(const MqttProcess&) = delete;

  /// Begins a connection; when closed, the next one. Look at state().
  void connect();
  State state() const { return state_; }
  /// On this connection the broker went on with the session of the one before.
  bool resumed() const { return resumed_; }
  /// Why it was closed.
  const std::string& problem() const { return problem_; }

  /// For poll(); -1 when there is no process.
  int fd() const { return pipe_ ? pipe_->fd() : -1; }
  short events() const { return pipe_ ? pipe_->events() : short{0}; }
  /// Takes what the process says, after poll() or once a second.
  void work(short happened);

  /// No message of quality 0 waits to be written: there is room for what isn't important.
  bool idle() const;
  /// The message's number; 0 when the link is closed.
  int publish(const MqttMessage& message);
  void disconnect();

  /// How often a process ended that should not have. Any thread.
  std::uint64_t deaths() const { return deaths_; }

 private:
  void begin();
  void wait_until_ready();
  void take(const MqttFrame& frame);
  void answer(int number, Answer answer);
  void close(std::string problem);
  void bury(const std::string& problem);
  /// Closes the socket, which ends it, and kills it where that takes too long. Says how it ended.
  std::string reap(int patience_ms);

  const std::string settings_;
  std::function<void(int, Answer)> answered_;
  std::unique_ptr<MqttPipe> pipe_;  ///< null: no process
  pid_t pid_ = -1;
  bool ready_ = false;
  State state_ = State::closed;
  bool resumed_ = false;
  std::string problem_;
  SteadyTime told_;  ///< when the process last heard of us
  int last_number_ = 0;
  std::map<int, int> open_;  ///< quality by number of the messages that wait for an answer
  std::atomic<std::uint64_t> deaths_ = 0;
};

}  // namespace rearview
