#include "receive/stream_guess.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "h264/annexb_splitter.h"

namespace rearview {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool has_at(Bytes head, std::size_t at, std::string_view text) {
  return head.size() >= at + text.size() &&
         std::equal(text.begin(), text.end(), head.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// A format that says its name where it begins.
struct Signature {
  std::size_t at;
  std::string_view text;
  const char* name;
};
using std::string_view_literals::operator""sv;
constexpr std::array kSignatures{
    Signature{0, "HTTP/"sv, "an answer of HTTP (an address http://HOST:PORT/… may be right)"},
    Signature{0, "RTSP/"sv, "an answer of RTSP (an address rtsp://HOST:PORT/… may be right)"},
    Signature{0, "SSH-"sv, "SSH"},
    Signature{4, "ftyp"sv, "MP4"},
    Signature{4, "styp"sv, "MP4"},
    Signature{4, "moov"sv, "MP4"},
    Signature{4, "moof"sv, "MP4"},
    Signature{4, "mdat"sv, "MP4"},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "Matroska or WebM"},
    Signature{0, "FLV\x01"sv, "FLV"},
    Signature{0, "RIFF"sv, "AVI"},
    Signature{0, "OggS"sv, "Ogg"},
    Signature{0, "DKIF"sv, "IVF"},
    Signature{0, "\x89PNG"sv, "PNG pictures"},
    Signature{0, "\x00\x00\x01\xba"sv, "an MPEG program stream"},
    Signature{0, "\x00\x00\x01\xb3"sv, "MPEG-2 video"},
};

// ISO/IEC 13818-1: packets of 188 bytes, each begins with 0x47. A client joins anywhere in one.
bool is_transport_stream(Bytes head) {
  constexpr std::size_t kPacket = 188;
  constexpr std::size_t kPackets = 5;
  constexpr std::uint8_t kSync = 0x47;
  for (std::size_t start = 0; start < kPacket; ++start) {
    if (start + (kPackets - 1) * kPacket >= head.size()) return false;
    bool all = true;
    for (std::size_t n = 0; n < kPackets && all; ++n) all = head[start + n * kPacket] == kSync;
    if (all) return true;
  }
  return false;
}

// ISO/IEC 10918-1: pictures begin with FF D8 FF and end with FF D9; servers put lines of text in
// between, or nothing.
bool is_jpeg(Bytes head) {
  if (has_at(head, 0, "\xff\xd8\xff"sv)) return true;
  if (has_at(head, 0, "--"sv)) {
    const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    return text.find("image/jpeg") != std::string_view::npos;
  }
  constexpr std::array<std::uint8_t, 5> kNext{0xff, 0xd9, 0xff, 0xd8, 0xff};
  return std::search(head.begin(), head.end(), kNext.begin(), kNext.end()) != head.end();
}

// Both codecs share the start codes; the headers behind them differ (ITU-T H.265, 7.3.1.2): six
// bits of type between a zero and a layer, which is 0, and a temporal layer, mostly the first.
bool is_hevc(Bytes head) {
  int headers = 0;
  int hevc = 0;
  bool parameter_sets = false;
  h264::AnnexBSplitter splitter;
  const auto look = [&](const h264::NalUnit& nal) {
    const auto body = nal.body();
    if (body.size() < 2) return;
    ++headers;
    const unsigned type = body[0] >> 1;
    const bool known = type <= 9 || (type >= 16 && type <= 21) || (type >= 32 && type <= 40);
    if ((body[0] & 0x81) != 0 || body[1] == 0 || body[1] > 7 || !known) return;
    ++hevc;
    parameter_sets |= type >= 32 && type <= 34;
  };
  splitter.push(head, look);
  splitter.flush(look);
  return headers > 0 && hevc == headers && (parameter_sets || headers >= 4);
}

}  // namespace

std::optional<std::string> looks_like(std::span<const std::uint8_t> head) {
  for (const Signature& signature : kSignatures) {
    if (has_at(head, signature.at, signature.text)) return signature.name;
  }
  if (is_transport_stream(head)) return "MPEG-TS";
  if (is_jpeg(head)) return "MJPEG";
  if (is_hevc(head)) return "HEVC (H.265)";
  return std::nullopt;
}

std::optional<std::string> StreamGuess::push(std::span<const std::uint8_t> bytes, SteadyTime now) {
  if (decided_) return std::nullopt;
  constexpr std::size_t kHeadBytes = 16384;
  // A client joins in the middle of a slice, and a large one takes its time.
  constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 20;
  constexpr double kPatience_s = 3;
  if (!first_) first_ = now;
  bytes_ += bytes.size();
  if (head_.size() < kHeadBytes) {
    const std::size_t size = std::min(bytes.size(), kHeadBytes - head_.size());
    head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    // Each look is at all of it: bytes that come one by one would cost their square.
    if (head_.size() >= next_look_bytes_) {
      next_look_bytes_ = std::min(head_.size() + head_.size() / 8 + 1, kHeadBytes);
      if (auto other = looks_like(head_)) return other;
    }
  }
  for (auto byte = bytes.begin(); byte != bytes.end() && !start_code_seen_; ++byte) {
    start_code_seen_ = zeros_ >= 2 && *byte == 1;
    zeros_ = *byte == 0 ? std::min(zeros_ + 1, 2) : 0;
  }
  if (start_code_seen_) {
    decided_ = head_.size() >= kHeadBytes;
    return std::nullopt;
  }
  if (bytes_ < kMostBytes && seconds_between(*first_, now) < kPatience_s) return std::nullopt;
  return "nothing that is known: not one start code in it";
}

}  // namespace rearview
