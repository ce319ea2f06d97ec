#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace rearview::http {

/// One thread that runs everything a server does. Servers of one program may share it. What a task
/// or a timer throws is counted and logged, and ends nothing: a server's client must not be able to
/// end the program.
class IoLoop {
 public:
  /// Nothing runs before start().
  IoLoop();
  /// Stops and joins.
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  void start();
  /// Ends the thread; what was posted and didn't run is dropped. Not from the loop's own thread.
  void stop();
  /// Runs task on the loop's thread, in order of posting. Any thread.
  void post(std::function<void()> task);
  /// True on the loop's thread.
  bool here() const;
  /// Runs task on the loop's thread, now if this is it, and waits until it has run; throws what it
  /// threw. When the loop isn't running, runs it here.
  void run(const std::function<void()>& task);
  /// How often something was thrown that nobody else caught. Any thread.
  std::uint64_t failures() const;

  /// Calls a task again and again until destroyed. Destroy it on the loop's thread or after stop().
  class Timer {
   public:
    virtual ~Timer() = default;
  };
  /// Any thread before start(), the loop's thread after it.
  std::unique_ptr<Timer> every(SteadyClock::duration period, std::function<void()> task);
  std::unique_ptr<Timer> after(SteadyClock::duration delay, std::function<void()> task);

  struct Impl;
  /// For this room only.
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace rearview::http
