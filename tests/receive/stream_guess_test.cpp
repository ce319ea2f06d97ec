#include "receive/stream_guess.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
using std::string_view_literals::operator""sv;

Bytes of(std::string_view text) {
  return {text.begin(), text.end()};
}

Bytes noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

Bytes transport_stream() {
  Bytes bytes = noise(188 * 20, 1);
  for (std::size_t at = 0; at < bytes.size(); at += 188) bytes[at] = 0x47;
  return bytes;
}

TEST(StreamGuess, KnowsWhatIsSentInTheWrongPlace) {
  const auto looks = [](const Bytes& bytes) { return looks_like(bytes).value_or("?"); };
  EXPECT_EQ(looks(transport_stream()), "MPEG-TS");
  const Bytes stream = transport_stream();
  EXPECT_EQ(looks({stream.begin() + 77, stream.end()}), "MPEG-TS") << "joined in a packet";
  EXPECT_EQ(looks(of("\xff\xd8\xff\xe0\x00\x10JFIF"sv)), "MJPEG");
  EXPECT_EQ(looks(of("--frame\r\nContent-Type: image/jpeg\r\n\r\n"sv)), "MJPEG");
  Bytes jpegs = noise(3000, 2);
  for (const std::uint8_t byte : of("\xff\xd9\xff\xd8\xff\xdb"sv)) jpegs.push_back(byte);
  EXPECT_EQ(looks(jpegs), "MJPEG") << "joined in a picture";
  EXPECT_EQ(looks(of("\0\0\0\x18"
                     "ftypisom\0\0\0\0"sv)),
            "MP4");
  EXPECT_EQ(looks(of("HTTP/1.1 400 Bad Request\r\n"sv)).substr(0, 17), "an answer of HTTP");
  EXPECT_EQ(looks(of("RTSP/1.0 400 Bad Request\r\n"sv)).substr(0, 17), "an answer of RTSP");
  EXPECT_EQ(looks(of("\x1a\x45\xdf\xa3\x01"sv)), "Matroska or WebM");
}

TEST(StreamGuess, KnowsHevcByItsHeaders) {
  const Bytes vps = of("\0\0\0\x01\x40\x01\x0c\x01\xff"sv);
  const Bytes sps = of("\0\0\0\x01\x42\x01\x01\x01\x60"sv);
  Bytes begin = vps;
  begin.insert(begin.end(), sps.begin(), sps.end());
  EXPECT_EQ(looks_like(begin), "HEVC (H.265)");
  Bytes slices;
  for (int n = 0; n < 5; ++n) {
    for (const std::uint8_t byte : of("\0\0\x01\x02\x01\xd0\x11"sv)) slices.push_back(byte);
  }
  EXPECT_EQ(looks_like(slices), "HEVC (H.265)") << "joined between two pictures to begin at";
}

TEST(StreamGuess, TakesNoH264ForSomethingElse) {
  for (const auto delimiters : {test::Delimiters::none, test::Delimiters::behind}) {
    for (const int slices : {1, 3}) {
      test::StreamOptions options;
      options.delimiters = delimiters;
      options.slices = slices;
      options.noise = 30;
      const Bytes stream = test::make_h264(25, options);
      for (std::size_t at = 0; at < stream.size(); at += stream.size() / 97) {
        const auto rest = std::span(stream).subspan(at);
        EXPECT_FALSE(looks_like(rest.first(std::min<std::size_t>(rest.size(), 16384)))) << at;
      }
    }
  }
  EXPECT_FALSE(looks_like({}));
}

TEST(StreamGuess, WaitsForAStartCodeButNotForEver) {
  const SteadyTime start{};
  StreamGuess quick;
  Bytes bytes = noise(1000, 3);
  for (auto& byte : bytes) byte |= 0x80;  // no zeros
  for (int n = 0; n < 4190; ++n) EXPECT_FALSE(quick.push(bytes, start));
  EXPECT_TRUE(quick.push(Bytes(10'000, 0x80), start)) << "4 MiB without a start code";
  StreamGuess slow;
  EXPECT_FALSE(slow.push(bytes, start));
  EXPECT_FALSE(slow.push(bytes, start + std::chrono::seconds(2)));
  EXPECT_TRUE(slow.push(bytes, start + std::chrono::seconds(4)));
  StreamGuess h264;
  EXPECT_FALSE(h264.push(bytes, start));
  EXPECT_FALSE(h264.push(test::make_h264(1), start + std::chrono::seconds(1)));
  EXPECT_FALSE(h264.push(bytes, start + std::chrono::seconds(9)));
}

// Start codes are cut apart by the network like anything else.
TEST(StreamGuess, FindsAStartCodeThatComesByteByByte) {
  StreamGuess guess;
  SteadyTime now{};
  const Bytes stream = test::make_h264(2);
  for (const std::uint8_t byte : stream) {
    ASSERT_FALSE(guess.push(std::span(&byte, 1), now));
    now += std::chrono::milliseconds(10);
  }
}

TEST(StreamGuess, KnowsSoonWhatComesByteByByte) {
  const Bytes stream = transport_stream();
  StreamGuess guess;
  std::size_t given = 0;
  while (given < stream.size() && !guess.push(std::span(stream).subspan(given, 1), {})) ++given;
  EXPECT_GE(given, 4U * 188) << "five packets show it";
  EXPECT_LE(given, 5U * 188 * 9 / 8);
}

}  // namespace
}  // namespace rearview
