#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace rearview {

/// A thread with a name whose body may throw: what escapes it is told to whoever began it, and ends
/// no program by itself. One thread begins and stops it.
class Worker {
 public:
  /// reason: "NAME: what was thrown". Called on the worker's thread.
  using Failure = std::function<void(const std::string& reason)>;

  Worker() = default;
  /// Stops. A member that the body uses is declared before the worker.
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// name: for messages; the system's tools show its first 15 bytes. body: returns when the token
  /// says so. failure: as the thread's last act. Throws std::system_error when the system has no
  /// thread left.
  void start(std::string name, std::function<void(std::stop_token)> body, Failure failure);
  /// As start(), for what has to go on: when something escapes the body, that is logged and told,
  /// and a second later the body begins again. failure: may be empty.
  void persist(std::string name, std::function<void(std::stop_token)> body, Failure failure);
  /// Asks the body to end, without waiting for it. Harmless before start().
  void ask_to_stop() { thread_.request_stop(); }
  /// Asks the body to end and joins the thread. Harmless before start() and when called again.
  void stop();

 private:
  void run(const std::string& name, std::function<void(std::stop_token)> body);

  std::jthread thread_;
};

}  // namespace rearview
