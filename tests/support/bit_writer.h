#pragma once

#include <cstdint>
#include <vector>

namespace rearview::test {

/// Writes what a NAL unit holds, field by field.
class BitWriter {
 public:
  BitWriter& bits(unsigned value, int count) {
    while (count-- > 0) bits_.push_back((value >> count & 1) != 0);
    return *this;
  }
  BitWriter& ue(unsigned value) {
    int zeros = 0;
    while ((value + 1) >> zeros > 1) ++zeros;
    return bits(0, zeros).bits(value + 1, zeros + 1);
  }
  /// Header byte and RBSP with its stop bit and emulation prevention.
  std::vector<std::uint8_t> body(std::uint8_t header) const {
    auto all = bits_;
    all.push_back(true);
    while (all.size() % 8 != 0) all.push_back(false);
    std::vector<std::uint8_t> out = {header};
    int zeros = 0;
    for (std::size_t at = 0; at < all.size(); at += 8) {
      unsigned byte = 0;
      for (std::size_t i = 0; i < 8; ++i) byte = byte << 1 | (all[at + i] ? 1U : 0U);
      if (zeros == 2 && byte <= 3) {
        out.push_back(3);
        zeros = 0;
      }
      zeros = byte == 0 ? zeros + 1 : 0;
      out.push_back(static_cast<std::uint8_t>(byte));
    }
    return out;
  }
  /// The same behind a start code.
  std::vector<std::uint8_t> nal(std::uint8_t header) const {
    std::vector<std::uint8_t> out = {0, 0, 0, 1};
    const auto rest = body(header);
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
  }

 private:
  std::vector<bool> bits_;
};

}  // namespace rearview::test
