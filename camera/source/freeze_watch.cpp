#include "camera/source/freeze_watch.h"

namespace rearview::camera {
namespace {

constexpr int kRepeats = 10;
constexpr double kStandstill_s = 0.5;
constexpr double kMoving_s = 2;
constexpr std::size_t kSameBytes = 2;

bool differ(std::size_t a, std::size_t b) {
  return (a > b ? a - b : b - a) > kSameBytes;
}

}  // namespace

void FreezeWatch::picture(bool changed, SteadyTime now) {
  if (changed || !last_change_) {
    last_change_ = now;
    repeats_ = 0;
    if (!moving_since_) moving_since_ = now;
  } else {
    ++repeats_;
    if (seconds_between(*last_change_, now) > kStandstill_s) moving_since_.reset();
  }
  if (frozen_) {
    frozen_ = !moving_since_ || seconds_between(*moving_since_, now) < kMoving_s;
  } else {
    frozen_ =
        frozen_s_ > 0 && repeats_ >= kRepeats && seconds_between(*last_change_, now) >= frozen_s_;
  }
}

void FreezeWatch::reopened() {
  repeats_ = 0;
  last_change_.reset();
  moving_since_.reset();
}

void CodedChanges::picture(bool idr, std::size_t bytes) {
  std::size_t& last = idr ? last_idr_bytes_ : last_other_bytes_;
  const bool comparable = !idr || after_idr_;
  if (comparable && differ(bytes, last)) ++count_;
  last = bytes;
  after_idr_ = idr;
}

}  // namespace rearview::camera
