#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "types/analysis.h"
#include "types/live_access_unit.h"

namespace rearview {

/// A stretch of a camera's stream that can be played: begins with an IDR picture, holds one
/// connection's pictures in order, and the analyses of those that were analysed.
struct Footage {
  std::vector<LiveAccessUnitPtr> units;
  std::vector<AnalysisPtr> analyses;  ///< by rising seq; each of one of the units
  std::size_t bytes = 0;
};

/// The last seconds that a camera sent. Bounded in time and bytes; what goes is always whole, from
/// one IDR picture to the next. One thread at a time.
class ClipRing {
 public:
  ClipRing(double most_s, std::size_t most_bytes);

  void push(LiveAccessUnitPtr unit);
  /// Only analyses of frames; one that repeats a seq tells of silence and is ignored.
  void push(AnalysisPtr analysis);

  /// What connection `epoch` sent from from_s to to_s in stream time, begun earlier where the IDR
  /// picture in front is. Empty when nothing of it can be decoded.
  Footage cut(std::uint32_t epoch, double from_s, double to_s) const;

  std::size_t bytes() const { return bytes_; }

 private:
  void drop_first_group();

  double most_s_;
  std::size_t most_bytes_;
  std::deque<LiveAccessUnitPtr> units_;  ///< empty, or begins with an IDR picture
  std::deque<AnalysisPtr> analyses_;
  std::size_t bytes_ = 0;
};

}  // namespace rearview
