#pragma once

#include <functional>
#include <memory>

namespace rearview::camera {

/// Calls a function on each SIGHUP, from a thread of its own. Construct it before any other thread
/// starts, so that they inherit the blocked signal; one per program.
class HangupWatcher {
 public:
  /// Throws std::system_error.
  HangupWatcher();
  ~HangupWatcher();
  HangupWatcher(const HangupWatcher&) = delete;
  HangupWatcher& operator=(const HangupWatcher&) = delete;

  /// Begins to call. What on_hangup refers to must live until stop().
  void start(std::function<void()> on_hangup);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview::camera
