#pragma once

namespace rearview {

/// One value with its standard deviation.
struct Estimate {
  double value = 0;
  double sigma = 0;
};

}  // namespace rearview
