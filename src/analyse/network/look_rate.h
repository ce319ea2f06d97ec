#pragma once

#include <deque>
#include <optional>

#include "types/analysis.h"

namespace rearview {

/// Counts how often a detector looks: where that is too seldom, a vehicle is dropped before it was
/// seen for the second time, and nobody is ever followed. One thread.
class LookRate {
 public:
  /// Once a picture. looked: or knows that nothing has changed since it did.
  void count(bool looked, double t_s);
  /// Too few for a while: the road is blind, and the text says by how many.
  void judge(Analysis& analysis) const;
  void reset() { *this = {}; }

 private:
  std::deque<double> looks_s_;  ///< of the last second
  std::optional<double> first_s_;
  std::optional<double> slow_since_s_;
  double last_s_ = 0;
};

}  // namespace rearview
