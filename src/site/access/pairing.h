#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "site/access/scope.h"

namespace rearview {

/// One code at a time that gives a device a token of its own: eight letters and digits out of 31
/// that nobody mistakes for another (40 bits), for 10 minutes, for one device. Twenty wrong
/// guesses, whoever makes them, end it. One thread.
class Pairing {
 public:
  struct Code {
    std::string text;  ///< as people read it: ABCD-EFGH
    Scope scope = Scope::view;
    SteadyTime ends;
  };
  /// Ends the code before. Throws std::runtime_error where there is no randomness.
  const Code& begin(Scope scope, SteadyTime now);
  /// The scope that the code gives; it can't be used again. Case, blanks and dashes don't matter.
  std::optional<Scope> redeem(std::string_view code, SteadyTime now);

 private:
  std::optional<Code> open_;
  int wrong_ = 0;
};

}  // namespace rearview
