#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "app/annotated.h"

namespace rearview {

/// Keeps the best look at each vehicle that is a threat, so that what is told of it once it has
/// left the picture can still be shown: seen whole, and as large as may be. One camera, one thread;
/// holds a few frames.
class BestViews {
 public:
  void see(const Annotated& seen);
  /// Absent when it wasn't a threat lately.
  std::optional<Annotated> of(int track_id) const;

 private:
  struct Worth {
    bool whole = false;
    float area = 0;  ///< of its box, px^2
    auto operator<=>(const Worth&) const = default;
  };
  struct View {
    int track_id = 0;
    Worth worth;
    double last_s = 0;  ///< when it was last seen
    Annotated best;
  };

  std::uint32_t epoch_ = 0;
  std::vector<View> views_;
};

}  // namespace rearview
