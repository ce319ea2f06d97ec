#pragma once

#include <stdexcept>

namespace rearview {

/// The user gave something that can't be used (command line, configuration, input file). One
/// sentence that says what, where and what would be right. The program ends with exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

}  // namespace rearview
