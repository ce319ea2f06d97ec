#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace rearview {

/// Lets main wait for "stop" in one place: SIGINT, SIGTERM, or a thread that can't go on.
/// Construct it before any other thread starts, so that they inherit the blocked signals; one per
/// program.
class Termination {
 public:
  Termination();
  ~Termination();
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;

  /// Asks the program to end because of a failure; the first reason counts. Any thread.
  void fail(const std::string& reason);
  /// Waits. nullopt: stopped by a signal; else the reason of the failure.
  std::optional<std::string> wait();
  /// True once a signal or a failure has come; never waits.
  bool requested();
  /// Asks for stop when requested() turns true, for calls that wait elsewhere.
  std::stop_token token() const;
  /// The reason given to fail(), if it was called. Any thread.
  std::optional<std::string> failure() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
