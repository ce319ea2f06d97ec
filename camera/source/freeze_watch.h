#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace rearview::camera {

/// Notices a camera that has frozen, that is, gives the same picture again and again: at least ten
/// times and for frozen_s. A sensor's noise makes each of its pictures differ; a sensor in full
/// darkness may be taken for frozen. What moves for two seconds without a standstill is no longer
/// frozen: less than that an encoder's own refinement of a still picture looks like, too. One
/// thread.
class FreezeWatch {
 public:
  /// frozen_s 0: nothing is ever frozen.
  explicit FreezeWatch(double frozen_s) : frozen_s_(frozen_s) {}

  /// A picture came. changed: it differs from the one before, as far as can be seen.
  void picture(bool changed, SteadyTime now);
  /// The camera was opened again: its next picture says nothing yet.
  void reopened();
  bool frozen() const { return frozen_; }
  /// Frozen or not, there was no standstill lately.
  bool moving() const { return moving_since_.has_value(); }

 private:
  double frozen_s_;
  bool frozen_ = false;
  int repeats_ = 0;
  std::optional<SteadyTime> last_change_;
  std::optional<SteadyTime> moving_since_;
};

/// Counts the pictures that differ from the one before, by nothing but their coded sizes: an
/// encoder that gets the same picture again and again makes inter pictures of one size, within two
/// bytes, as soon as it has nothing more to refine. An IDR among others says nothing. One thread.
class CodedChanges {
 public:
  /// bytes: of its slices.
  void picture(bool idr, std::size_t bytes);
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t count_ = 0;
  bool after_idr_ = false;
  std::size_t last_idr_bytes_ = 0;
  std::size_t last_other_bytes_ = 0;
};

}  // namespace rearview::camera
