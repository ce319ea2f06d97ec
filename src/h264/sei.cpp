#include "h264/sei.h"

#include "h264/bit_reader.h"

namespace rearview::h264 {
namespace {

constexpr std::uint8_t kRecoveryPoint = 6;
constexpr std::uint8_t kDisplayOrientation = 47;

std::uint32_t coded_number(BitReader& reader) {  // 7.3.2.3.1
  std::uint32_t number = 0;
  std::uint32_t byte = 0;
  do {
    byte = reader.bits(8);
    number += byte;
  } while (byte == 0xff && reader.ok());
  return number;
}

/// Of the first message of this type, without emulation prevention; nullopt when there is none, or
/// when it isn't all there.
std::optional<std::vector<std::uint8_t>> payload_of(std::span<const std::uint8_t> body,
                                                    std::uint32_t wanted) {
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  while (reader.ok()) {
    const std::uint32_t type = coded_number(reader);
    const std::uint32_t size = coded_number(reader);
    if (size > body.size() || !reader.ok()) return std::nullopt;
    std::vector<std::uint8_t> payload(size);
    for (auto& byte : payload) byte = static_cast<std::uint8_t>(reader.bits(8));
    if (type != wanted) continue;
    if (!reader.ok()) return std::nullopt;
    return payload;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> recovery_point(std::span<const std::uint8_t> body) {
  // Its longest: recovery_frame_cnt of 33 bits and four more.
  constexpr std::size_t kMostBytes = 5;
  auto payload = payload_of(body, kRecoveryPoint);
  if (payload && (payload->empty() || payload->size() > kMostBytes)) return std::nullopt;
  return payload;
}

std::optional<DisplayOrientation> display_orientation(std::span<const std::uint8_t> body) {
  // A bit that cancels, two of flips, 16 of the angle, and how long it holds.
  constexpr std::size_t kLeastBytes = 3;
  const auto payload = payload_of(body, kDisplayOrientation);
  if (!payload || payload->empty()) return std::nullopt;
  const std::vector<std::uint8_t>& bytes = *payload;
  if ((bytes[0] & 0x80) != 0) return DisplayOrientation();
  if (bytes.size() < kLeastBytes) return std::nullopt;
  const int angle = (bytes[0] & 0x1f) << 11 | bytes[1] << 3 | bytes[2] >> 5;  // 2^16: all round
  constexpr int kQuarter = 1 << 14;
  return DisplayOrientation{(bytes[0] & 0x40) != 0, (bytes[0] & 0x20) != 0,
                            (angle + kQuarter / 2) / kQuarter % 4};
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
