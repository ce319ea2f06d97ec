#include "app/parts.h"

namespace rearview {

void Parts::start() {
  try {
    while (begun_ < parts_.size()) {
      ++begun_;  // what throws halfway is stopped as well
      parts_[begun_ - 1].start();
    }
  } catch (...) {
    stop();
    throw;
  }
}

void Parts::stop() {
  while (begun_ > 0) parts_[--begun_].stop();
}

}  // namespace rearview
