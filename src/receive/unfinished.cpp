#include "receive/unfinished.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <string_view>

#include "receive/stream_guess.h"

namespace rearview {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

// ISO/IEC 14496-12, 4.2: boxes, one behind the other.
bool has_index(const std::string& path) {
  constexpr int kMostBoxes = 100'000;
  std::ifstream in(path, std::ios::binary);
  std::uint64_t at = 0;
  for (int n = 0; n < kMostBoxes; ++n) {
    std::array<char, 16> header{};
    in.seekg(static_cast<std::streamoff>(at));
    if (!in.read(header.data(), 8)) return false;
    const std::string_view text(header.data(), header.size());
    if (text.substr(4, 4) == "moov") return true;
    std::uint64_t size = big_endian(text.substr(0, 4));
    if (size == 1) {
      if (!in.read(header.data() + 8, 8)) return false;
      size = big_endian(text.substr(8, 8));
    }
    constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62;
    if (size < 8 || size > kMostBytes - at) return false;
    at += size;
  }
  return true;  // nobody knows
}

}  // namespace

std::string why_unreadable(const InputFile& file) {
  if (file.head().empty()) return "it is empty";
  if (looks_like(file.head()) != "MP4") return {};
  if (!file.can_rewind())
    return "an MP4 whose index (moov) comes last can't be read from a pipe; give the file's name";
  if (has_index(file.path())) return {};
  return "this recording was never finished: its index (moov), which is written last, is missing";
}

}  // namespace rearview
