#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace rearview::camera {

/// The newest delays, for their percentiles. One thread.
class DelayWindow {
 public:
  void add(double ms) {
    delays_ms_[next_ % delays_ms_.size()] = ms;
    ++next_;
  }
  /// share 0.5 is the median; 0 when there are none.
  double percentile_ms(double share) const {
    std::vector<double> sorted(
        delays_ms_.begin(),
        delays_ms_.begin() + static_cast<std::ptrdiff_t>(std::min(next_, delays_ms_.size())));
    if (sorted.empty()) return 0;
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(
                                         share * static_cast<double>(sorted.size() - 1) + 0.5);
    std::nth_element(sorted.begin(), at, sorted.end());
    return *at;
  }

 private:
  std::array<double, 1024> delays_ms_{};
  std::size_t next_ = 0;
};

}  // namespace rearview::camera
