#include "camera/stream/picture_ring.h"

#include <utility>

namespace rearview::camera {

PictureRing::PictureRing(Limits limits) : limits_(limits) {}

void PictureRing::push(CodedPicturePtr picture) {
  const SteadyTime newest = picture->captured;
  bytes_ += picture->bytes.size();
  if (picture->idr) last_idr_ = end_number();
  pictures_.push_back(std::move(picture));

  while (pictures_.size() > 1 && bytes_ > limits_.bytes) drop_oldest();
  while (first_ < last_idr_.value_or(end_number() - 1) &&
         seconds_between(pictures_.front()->captured, newest) > limits_.keep_s)
    drop_oldest();
}

void PictureRing::drop_oldest() {
  bytes_ -= pictures_.front()->bytes.size();
  pictures_.pop_front();
  if (last_idr_ == first_) last_idr_.reset();
  ++first_;
}

}  // namespace rearview::camera
