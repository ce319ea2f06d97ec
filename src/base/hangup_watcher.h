#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace rearview {

/// Calls a function on each SIGHUP, from a thread of its own. Construct it before any other thread
/// starts, so that they inherit the blocked signal; one per program.
class HangupWatcher {
 public:
  /// Throws std::system_error.
  HangupWatcher();
  ~HangupWatcher();
  HangupWatcher(const HangupWatcher&) = delete;
  HangupWatcher& operator=(const HangupWatcher&) = delete;

  /// While it lives, on_hangup is called: declare it behind what that refers to.
  class Calls {
   public:
    /// Throws std::system_error.
    Calls(HangupWatcher& watcher, std::function<void()> on_hangup) : watcher_(watcher) {
      watcher_.start(std::move(on_hangup));
    }
    ~Calls() { watcher_.stop(); }
    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;

   private:
    HangupWatcher& watcher_;
  };

 private:
  void start(std::function<void()> on_hangup);
  void stop();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
