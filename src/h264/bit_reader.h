#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rearview::h264 {

/// Reads the RBSP of a NAL unit bit by bit, skipping emulation prevention bytes (ITU-T H.264,
/// 7.3.1 and 9.1). Behind the end it returns zeros and ok() turns false for good.
class BitReader {
 public:
  /// payload: what follows the NAL unit's header byte; must outlive the reader.
  explicit BitReader(std::span<const std::uint8_t> payload) : payload_(payload) {}

  bool ok() const { return ok_; }

  std::uint32_t bits(int count) {
    std::uint32_t value = 0;
    while (count-- > 0) value = (value << 1) | (bit() ? 1U : 0U);
    return value;
  }

  bool bit() {
    if (left_ == 0 && !next_byte()) {
      ok_ = false;
      return false;
    }
    return (current_ >> --left_ & 1) != 0;
  }

  /// ue(v); not ok when it doesn't fit 32 bits.
  std::uint32_t ue() {
    int zeros = 0;
    while (ok_ && !bit()) {
      if (++zeros > 31) ok_ = false;
    }
    if (!ok_) return 0;
    return (1U << zeros) - 1 + bits(zeros);
  }

  /// se(v)
  std::int32_t se() {
    const std::uint32_t code = ue();
    const auto half = static_cast<std::int32_t>(code / 2);
    return code % 2 == 0 ? -half : half + 1;
  }

 private:
  bool next_byte() {
    if (at_ < payload_.size() && zeros_ == 2 && payload_[at_] == 3) {
      ++at_;
      zeros_ = 0;
    }
    if (at_ >= payload_.size()) return false;
    current_ = payload_[at_++];
    zeros_ = current_ == 0 ? (zeros_ < 2 ? zeros_ + 1 : 2) : 0;
    left_ = 8;
    return true;
  }

  std::span<const std::uint8_t> payload_;
  std::size_t at_ = 0;
  int zeros_ = 0;
  std::uint8_t current_ = 0;
  int left_ = 0;
  bool ok_ = true;
};

}  // namespace rearview::h264
