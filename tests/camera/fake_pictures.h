#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "camera/coded_picture.h"

namespace rearview::test {

/// Coded pictures that no decoder would like: the right NAL units around a number, every gop-th an
/// IDR, at 30 a second from start on.
class FakePictures {
 public:
  explicit FakePictures(int gop, std::size_t size = 4000, SteadyTime start = SteadyClock::now())
      : gop_(gop), size_(size), start_(start) {}

  camera::CodedPicturePtr next() { return next(number_ % gop_ == 0); }
  camera::CodedPicturePtr next(bool idr) {
    auto picture = std::make_shared<camera::CodedPicture>();
    picture->idr = idr;
    picture->captured = start_ + std::chrono::microseconds(std::int64_t{number_} * 33333);
    picture->encoder_in = SteadyClock::now();
    auto& bytes = picture->bytes;
    if (idr) bytes = {0, 0, 0, 1, 0x67, 100, 0, 50, 0, 0, 0, 1, 0x68, 0xee};
    bytes.insert(bytes.end(), {0, 0, 0, 1, static_cast<std::uint8_t>(idr ? 0x65 : 0x41)});
    for (int shift : {21, 14, 7, 0})
      bytes.push_back(static_cast<std::uint8_t>(0x80 | (number_ >> shift & 0x7f)));
    bytes.resize(std::max(bytes.size(), size_), 0x55);
    bytes.insert(bytes.end(), camera::kDelimiter.begin(), camera::kDelimiter.end());
    ++number_;
    return picture;
  }

  struct Seen {
    int number;
    bool idr;
  };
  /// The pictures in a stream, whole ones only.
  static std::vector<Seen> read(const std::vector<std::uint8_t>& stream) {
    std::vector<Seen> seen;
    auto at = stream.begin();
    for (;;) {
      const auto end =
          std::search(at, stream.end(), camera::kDelimiter.begin(), camera::kDelimiter.end());
      if (end == stream.end()) return seen;
      const std::vector<std::uint8_t> unit(at, end);
      const bool idr = unit.size() > 4 && unit[4] == 0x67;
      const std::size_t body = idr ? 19 : 5;
      int number = -1;
      if (unit.size() >= body + 4) {
        number = 0;
        for (std::size_t i = 0; i < 4; ++i) number = number << 7 | (unit[body + i] & 0x7f);
      }
      seen.push_back({number, idr});
      at = end + static_cast<std::ptrdiff_t>(camera::kDelimiter.size());
    }
  }

 private:
  int gop_;
  std::size_t size_;
  SteadyTime start_;
  int number_ = 0;
};

}  // namespace rearview::test
