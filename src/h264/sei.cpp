#include "h264/sei.h"

#include "h264/bit_reader.h"

namespace rearview::h264 {
namespace {

constexpr std::uint8_t kRecoveryPoint = 6;

std::uint32_t coded_number(BitReader& reader) {  // 7.3.2.3.1
  std::uint32_t number = 0;
  std::uint32_t byte = 0;
  do {
    byte = reader.bits(8);
    number += byte;
  } while (byte == 0xff && reader.ok());
  return number;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> recovery_point(std::span<const std::uint8_t> body) {
  // Its longest: recovery_frame_cnt of 33 bits and four more.
  constexpr std::uint32_t kMostBytes = 5;
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  while (reader.ok()) {
    const std::uint32_t type = coded_number(reader);
    const std::uint32_t size = coded_number(reader);
    if (size > body.size() || !reader.ok()) return std::nullopt;
    std::vector<std::uint8_t> payload(size);
    for (auto& byte : payload) byte = static_cast<std::uint8_t>(reader.bits(8));
    if (type != kRecoveryPoint) continue;
    if (!reader.ok() || payload.empty() || payload.size() > kMostBytes) return std::nullopt;
    return payload;
  }
  return std::nullopt;
}

std::vector<std::uint8_t> sei_with_recovery_point(std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> nal = {0, 0, 0, 1, 0x06};
  std::vector<std::uint8_t> rbsp = {kRecoveryPoint, static_cast<std::uint8_t>(payload.size())};
  rbsp.insert(rbsp.end(), payload.begin(), payload.end());
  rbsp.push_back(0x80);
  int zeros = 0;
  for (const std::uint8_t byte : rbsp) {  // emulation prevention (7.4.1)
    if (zeros == 2 && byte <= 3) {
      nal.push_back(3);
      zeros = 0;
    }
    nal.push_back(byte);
    zeros = byte == 0 ? zeros + 1 : 0;
  }
  return nal;
}

}  // namespace rearview::h264
