#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "camera/coded_picture.h"

namespace rearview::camera {

/// The newest pictures, numbered from 0 on: what a joining client begins with and what a slow one
/// may still catch up on. One for all clients, so memory doesn't grow with them. One thread.
class PictureRing {
 public:
  struct Limits {
    std::size_t bytes = std::size_t{8} << 20;  ///< at most this is held, whatever it cuts off
    double keep_s = 1;  ///< pictures before the last IDR that are older than this are let go
  };
  explicit PictureRing(Limits limits);

  void push(CodedPicturePtr picture);

  /// Numbers held: first_number() up to but not with end_number(). The newest is always held.
  std::uint64_t first_number() const { return first_; }
  std::uint64_t end_number() const { return first_ + pictures_.size(); }
  /// number must be held.
  const CodedPicturePtr& at(std::uint64_t number) const { return pictures_[number - first_]; }
  /// The newest IDR, while it is held.
  std::optional<std::uint64_t> last_idr() const { return last_idr_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void drop_oldest();

  Limits limits_;
  std::deque<CodedPicturePtr> pictures_;
  std::uint64_t first_ = 0;
  std::optional<std::uint64_t> last_idr_;
  std::size_t bytes_ = 0;
};

}  // namespace rearview::camera
