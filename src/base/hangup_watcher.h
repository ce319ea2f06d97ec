#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace rearview {

/// Keeps a SIGHUP waiting from here on, so that one that comes while a program begins doesn't end
/// it: HangupWatcher takes it as soon as it can. The first thing in main, before any thread.
class HangupHold {
 public:
  HangupHold();
  /// For what takes no reload: SIGHUP ends the program as if it had never been held, one that
  /// waits included.
  void release() const;

 private:
  bool held_before_ = false;  ///< by who started the program
};

/// Calls a function on each SIGHUP, from a thread of its own; one that HangupHold kept counts.
/// Construct it before any other thread starts, so that they inherit the blocked signal; one per
/// program.
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
