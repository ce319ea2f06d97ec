#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/clock.h"

namespace rearview {

/// Who guesses waits: after the third wrong answer in a row from an address 1 s, then twice as long
/// each time, a minute at most. An address that was quiet for an hour is forgotten, and so is the
/// one quiet for longest where more than 4,096 guess. One thread.
class FailureDelay {
 public:
  /// How long this address still has to wait; zero where it need not.
  SteadyClock::duration wait(const std::string& address, SteadyTime now) const;
  void failed(const std::string& address, SteadyTime now);
  void succeeded(const std::string& address) { failures_.erase(address); }
  std::size_t addresses() const { return failures_.size(); }

 private:
  struct Failures {
    int count = 0;
    SteadyTime last;
  };
  std::map<std::string, Failures> failures_;
};

}  // namespace rearview
