#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <opencv2/core.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "receive/recording_reader.h"
#include "tests/receive/watched_receiver.h"
#include "tests/support/fake_camera.h"

// What tests/receive/streams/README.md says of each of its files.
namespace rearview::test {
namespace {

std::string path_of(const std::string& name) {
  return std::string(REARVIEW_TEST_STREAMS) + "/" + name;
}

Bytes bytes_of(const std::string& name) {
  std::ifstream in(path_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::size_t pictures_of(const std::string& name) {
  RecordingReader reader(path_of(name), std::nullopt, 1);
  std::size_t pictures = 0;
  while (reader.next()) ++pictures;
  return pictures;
}

/// The same over a connection, in pieces as a network makes them.
std::size_t pictures_live(const std::string& name, std::size_t wanted) {
  const Bytes stream = bytes_of(name);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send_in_pieces(stream, 1400, 3);
    client.send(Bytes{0, 0, 0, 1, 9, 0xf0});  // ends the last picture
    client.hold();
  });
  ReceiverConfig config = config_for(camera.url());
  config.quiet_flush_ms = 0;
  Watched watched(config);
  watched.wait_for_frames(wanted);
  return watched.frames();
}

struct Stream {
  const char* name;
  std::size_t pictures;
};

class WorldStream : public ::testing::TestWithParam<Stream> {};

TEST_P(WorldStream, GivesItsPicturesAsARecording) {
  EXPECT_EQ(pictures_of(GetParam().name), GetParam().pictures);
}

TEST_P(WorldStream, GivesItsPicturesLive) {
  EXPECT_EQ(pictures_live(GetParam().name, GetParam().pictures), GetParam().pictures);
}

INSTANTIATE_TEST_SUITE_P(Streams, WorldStream,
                         ::testing::Values(Stream{"h_headers_then_midgop.h264", 60},
                                           Stream{"h_control.h264", 60},
                                           Stream{"h_sei_before_sps.h264", 90},
                                           Stream{"m_prefix14_slices4.h264", 90},
                                           Stream{"fps60.h264", 180}),
                         [](const auto& tested) {
                           const std::string name = tested.param.name;
                           return name.substr(0, name.find('.'));
                         });

TEST(WorldStreams, ARawStreamsTimeIsItsSpsUnlessSomebodyKnowsBetter) {
  const auto last_t_s = [](std::optional<double> fps) {
    RecordingReader reader(path_of("fps60.h264"), fps, 1);
    EXPECT_EQ(reader.duration_s(), 180 / fps.value_or(60));
    double t_s = 0;
    while (const FramePtr frame = reader.next()) t_s = frame->t_s;
    EXPECT_EQ(reader.fps(), fps.value_or(60));
    return t_s;
  };
  EXPECT_NEAR(last_t_s(std::nullopt), 2.98, 0.005);
  EXPECT_NEAR(last_t_s(30), 5.97, 0.005);
}

TEST(WorldStreams, AnHoursHoleIsAJumpThatNobodyWaitsFor) {
  RecordingReader reader(path_of("jump1h.mkv"), std::nullopt, 1);
  std::vector<double> jumps;
  double newest_s = 0;
  std::uint32_t epoch = 1;
  while (const FramePtr frame = reader.next()) {
    if (frame->epoch != epoch) jumps.push_back(frame->t_s - newest_s);
    epoch = frame->epoch;
    newest_s = frame->t_s;
  }
  EXPECT_THAT(jumps, ::testing::ElementsAre(::testing::DoubleNear(3600, 10)));

  // As a camera: more pictures than there are in front of the hole, in an epoch of their own.
  std::size_t pictures = pictures_of("jump1h.mkv");
  Watched watched(config_for(path_of("jump1h.mkv")));
  ASSERT_TRUE(watched.wait_for_frames(pictures));
  const auto seen = watched.pictures();
  EXPECT_EQ(seen.front().epoch, 1U);
  EXPECT_EQ(seen[pictures - 1].epoch, 2U);
  EXPECT_LT(seen[pictures - 1].t_s, 600);
  EXPECT_EQ(watched.units().size(), seen.size());
}

std::string refusal_of(const std::string& name) {
  try {
    RecordingReader reader(path_of(name), std::nullopt, 1);
    EXPECT_EQ(reader.next(), nullptr);
    return reader.why_no_picture();
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(WorldStreams, WhatCannotBeDecodedSaysWhyInOneSentence) {
  EXPECT_THAT(refusal_of("nomoov.mp4"), ::testing::HasSubstr("never finished"));
  EXPECT_THAT(refusal_of("t16x16.h264"),
              ::testing::AllOf(::testing::HasSubstr("16x16"), ::testing::HasSubstr("32"),
                               ::testing::HasSubstr("4096x4096")));
  EXPECT_THAT(refusal_of("k8.h264"), ::testing::AllOf(::testing::HasSubstr("7680x4320"),
                                                      ::testing::HasSubstr("4096x4096")));
  EXPECT_THAT(refusal_of("m_nosps.h264"), ::testing::HasSubstr("no sequence parameter set"));
}

/// Why the receiver left a camera that sends this, again and again.
std::string told_of(const Bytes& bytes) {
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    while (client.send_in_pieces(bytes, 1400, 3)) client.pause_ms(5);
  });
  ReceiverConfig config = config_for(camera.url());
  config.picture_timeout_ms = 20'000;
  Watched watched(config);
  if (!watched.wait_for_event(Kind::lost)) return "nothing";
  EXPECT_EQ(watched.frames(), 0U);
  for (const auto& event : watched.events()) {
    if (event.kind == Kind::lost) return event.text;
  }
  return {};
}

TEST(WorldStreams, WhatIsNoH264OnATcpAddressIsKnownByItsLooks) {
  EXPECT_THAT(told_of(bytes_of("ts_over_tcp.ts")), ::testing::HasSubstr("MPEG-TS"));
  EXPECT_THAT(told_of(bytes_of("nomoov.mp4")), ::testing::HasSubstr("MP4"));
}

TEST(WorldStreams, ASizeBeyondTheLimitsIsToldOfALiveCamera) {
  EXPECT_THAT(told_of(bytes_of("k8.h264")), ::testing::HasSubstr("7680x4320"));
  EXPECT_THAT(told_of(bytes_of("t16x16.h264")), ::testing::HasSubstr("16x16"));
}

TEST(WorldStreams, AStreamWithoutParameterSetsIsToldSo) {
  const Bytes stream = bytes_of("m_nosps.h264");
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    while (client.send(stream)) client.pause_ms(5);
  });
  ReceiverConfig config = config_for(camera.url());
  config.picture_timeout_ms = 500;
  Watched watched(config);
  ASSERT_TRUE(watched.wait_for_event(Kind::lost));
  EXPECT_THAT(watched.events().back().text, ::testing::HasSubstr("no sequence parameter set"));
}

// Access units that a clip or a page can begin with, though the server sent the sets once.
TEST(WorldStreams, IdrsGetTheParameterSetsThatCameBefore) {
  const Bytes stream = bytes_of("h_headers_then_midgop.h264");
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send(stream);
    client.send(Bytes{0, 0, 0, 1, 9, 0xf0});
    client.hold();
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_frames(60));
  int idrs = 0;
  for (const LiveAccessUnit& unit : watched.units()) {
    if (!unit.idr) continue;
    ++idrs;
    EXPECT_TRUE(unit.has_parameter_sets);
  }
  EXPECT_GT(idrs, 1);
}

TEST(WorldStreams, ATurnedRecordingIsUprightAndGivesNoAccessUnits) {
  RecordingReader reader(path_of("rot90.mp4"), std::nullopt, 1);
  EXPECT_TRUE(reader.is_turned());
  const FramePtr frame = reader.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->size(), cv::Size(192, 320));
  Watched watched(config_for(path_of("rot90.mp4")));
  ASSERT_TRUE(watched.wait_for_frames(5));
  EXPECT_EQ(watched.pictures().front().size, cv::Size(192, 320));
  EXPECT_TRUE(watched.units().empty());
}

/// The recording with other numbers in its track's display matrix (ISO/IEC 14496-12, 8.3.2).
Bytes with_matrix(Bytes mp4, const std::array<int, 4>& abcd) {
  constexpr std::array<std::uint8_t, 4> kHeader{'t', 'k', 'h', 'd'};
  auto at = std::search(mp4.begin(), mp4.end(), kHeader.begin(), kHeader.end()) + 4 + 40;
  const auto put = [&](std::int32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
      *at++ = static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> shift);
  };
  for (const std::size_t row : {std::size_t{0}, std::size_t{2}}) {
    put(abcd.at(row) * 0x10000);
    put(abcd.at(row + 1) * 0x10000);
    put(0);
  }
  return mp4;
}

/// How a container maps places, x to the right and y down: x' = a x + c y and y' = b x + d y.
using Matrix = std::array<int, 4>;
constexpr Matrix kPlain{1, 0, 0, 1};

void write(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

FramePtr first_picture(const std::string& path) {
  RecordingReader reader(path, std::nullopt, 1);
  return reader.next();
}

cv::Mat turned(const cv::Mat& plane, const Matrix& m) {
  const auto [a, b, c, d] = m;
  cv::Mat out =
      a != 0 ? cv::Mat(plane.rows, plane.cols, CV_8UC1) : cv::Mat(plane.cols, plane.rows, CV_8UC1);
  for (int y = 0; y < plane.rows; ++y) {
    for (int x = 0; x < plane.cols; ++x) {
      const int to_x = a * x + c * y + (a + c < 0 ? out.cols - 1 : 0);
      const int to_y = b * x + d * y + (b + d < 0 ? out.rows - 1 : 0);
      out.at<std::uint8_t>(to_y, to_x) = plane.at<std::uint8_t>(y, x);
    }
  }
  return out;
}

void expect_turned(const FramePtr& plain, const FramePtr& frame, const Matrix& matrix) {
  ASSERT_TRUE(plain);
  ASSERT_TRUE(frame);
  for (const auto plane : {&Planes::y, &Planes::u, &Planes::v}) {
    const cv::Mat expected = turned(plain->planes().*plane, matrix);
    const cv::Mat& got = frame->planes().*plane;
    ASSERT_EQ(got.size(), expected.size()) << ::testing::PrintToString(matrix);
    EXPECT_EQ(cv::norm(got, expected, cv::NORM_INF), 0)
        << ::testing::PrintToString(matrix) << " plane of " << got.size();
  }
}

TEST(WorldStreams, EveryQuarterTurnAndMirrorBecomesUpright) {
  const Bytes mp4 = bytes_of("rot90.mp4");
  const TemporaryFolder folder;
  const std::string path = (folder / "a.mp4").string();
  const auto with = [&](const Matrix& matrix) {
    write(path, with_matrix(mp4, matrix));
    return first_picture(path);
  };
  const FramePtr plain = with(kPlain);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->size(), cv::Size(320, 192));
  for (const Matrix& matrix :
       {Matrix{-1, 0, 0, 1}, Matrix{1, 0, 0, -1}, Matrix{-1, 0, 0, -1}, Matrix{0, 1, -1, 0},
        Matrix{0, -1, 1, 0}, Matrix{0, 1, 1, 0}, Matrix{0, -1, -1, 0}})
    expect_turned(plain, with(matrix), matrix);
}

/// The stream with a message in front of its first IDR pictures that they are to be flipped and
/// then turned counter-clockwise (ITU-T H.264, D.1.27); angle: 2^16 is all round.
Bytes with_orientation(const Bytes& stream, bool flip_x, bool flip_y, int angle, int pictures) {
  const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
  const int flips = (flip_x ? 0x40 : 0) | (flip_y ? 0x20 : 0);
  // It lasts (010), and nothing follows (0); then the stop bit's alignment.
  const Bytes message{0,
                      0,
                      0,
                      1,
                      0x06,
                      47,
                      3,
                      byte(flips | angle >> 11),
                      byte(angle >> 3),
                      byte((angle & 7) << 5 | 0x09),
                      0x80};
  Bytes out;
  h264::AnnexBSplitter splitter;
  const auto copy = [&](const h264::NalUnit& nal) {
    if (nal.type() == h264::NalType::idr_slice && pictures-- > 0)
      out.insert(out.end(), message.begin(), message.end());
    out.insert(out.end(), nal.bytes.begin(), nal.bytes.end());
  };
  splitter.push(stream, copy);
  splitter.flush(copy);
  return out;
}

TEST(WorldStreams, WhatAStreamItselfSaysTurnsIt) {
  const Bytes stream = bytes_of("h_control.h264");
  const TemporaryFolder folder;
  const std::string path = (folder / "a.h264").string();
  const auto with = [&](bool flip_x, bool flip_y, int angle) {
    write(path, with_orientation(stream, flip_x, flip_y, angle, 1000));
    return first_picture(path);
  };
  constexpr int kQuarter = 1 << 14;
  const FramePtr plain = first_picture(path_of("h_control.h264"));
  expect_turned(plain, with(false, false, kQuarter), {0, -1, 1, 0});
  expect_turned(plain, with(false, false, kQuarter + 1000), {0, -1, 1, 0});  // the nearest
  expect_turned(plain, with(false, false, 2 * kQuarter), {-1, 0, 0, -1});
  expect_turned(plain, with(false, false, 3 * kQuarter), {0, 1, -1, 0});
  expect_turned(plain, with(true, false, 8), {-1, 0, 0, 1});
  expect_turned(plain, with(false, true, 8), {1, 0, 0, -1});
  expect_turned(plain, with(true, false, kQuarter), {0, 1, 1, 0});
  expect_turned(plain, with(false, true, kQuarter), {0, -1, -1, 0});
  expect_turned(plain, with(false, true, 3 * kQuarter), {0, 1, 1, 0});
}

TEST(WorldStreams, AStreamIsTurnedUpToAnIdrThatDoesntSaySo) {
  const TemporaryFolder folder;
  const std::string path = (folder / "a.h264").string();
  write(path, with_orientation(bytes_of("h_control.h264"), false, false, 1 << 14, 1));
  RecordingReader reader(path, std::nullopt, 1);
  std::vector<bool> turned;
  while (const FramePtr frame = reader.next())
    turned.push_back(frame->size().height > frame->size().width);
  const auto back = std::ranges::find(turned, false);
  EXPECT_GT(back - turned.begin(), 1) << "not for one picture alone";
  EXPECT_NE(back, turned.end());
  EXPECT_EQ(std::find(back, turned.end(), true), turned.end());
}

TEST(WorldStreams, ATurnedLiveStreamIsUprightAndGivesNoAccessUnits) {
  const Bytes stream = with_orientation(bytes_of("fps60.h264"), false, false, 1 << 14, 1000);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send(stream);
    client.hold();
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_frames(5));
  const cv::Size size = watched.pictures().front().size;
  EXPECT_GT(size.height, size.width);
  EXPECT_TRUE(watched.units().empty());
}

/// The recording with a projection in the place of its colour element, which is as long, with one
/// angle.
Bytes with_projection(Bytes mkv, std::uint8_t pose, float degrees) {
  constexpr std::array<std::uint8_t, 11> kColour{0x55, 0xb0, 0x88, 0x55, 0xb7, 0x81,
                                                 0x01, 0x55, 0xb8, 0x81, 0x02};
  const auto colour = std::search(mkv.begin(), mkv.end(), kColour.begin(), kColour.end());
  if (colour == mkv.end()) throw std::runtime_error("no colour element");
  const auto bits = std::bit_cast<std::uint32_t>(degrees);
  const auto byte = [&](int shift) { return static_cast<std::uint8_t>(bits >> shift); };
  std::ranges::copy(
      Bytes{0x76, 0x70, 0x40, 0x07, 0x76, pose, 0x84, byte(24), byte(16), byte(8), byte(0)},
      colour);
  return mkv;
}

TEST(WorldStreams, MatroskasTurnsBecomeUpright) {
  const Bytes mkv = bytes_of("jump1h.mkv");
  const TemporaryFolder folder;
  const std::string path = (folder / "a.mkv").string();
  const auto with = [&](std::uint8_t pose, float degrees) {
    write(path, with_projection(mkv, pose, degrees));
    return first_picture(path);
  };
  constexpr std::uint8_t kYaw = 0x73;
  constexpr std::uint8_t kPitch = 0x74;
  constexpr std::uint8_t kRoll = 0x75;
  const FramePtr plain = first_picture(path_of("jump1h.mkv"));
  expect_turned(plain, with(kRoll, 90), {0, -1, 1, 0});  // counter-clockwise
  expect_turned(plain, with(kRoll, -90), {0, 1, -1, 0});
  expect_turned(plain, with(kRoll, 180), {-1, 0, 0, -1});
  expect_turned(plain, with(kYaw, 180), {-1, 0, 0, 1});
  // What is no turn in the picture's plane, or no angle, turns nothing.
  expect_turned(plain, with(kPitch, 90), kPlain);
  expect_turned(plain, with(kRoll, std::numeric_limits<float>::quiet_NaN()), kPlain);
}

TEST(WorldStreams, TheTagOfOlderWritersTurnsClockwise) {
  Bytes mkv = bytes_of("jump1h.mkv");
  const std::string name = "ENCODER";  // the last: of the track
  const auto at = std::find_end(mkv.begin(), mkv.end(), name.begin(), name.end());
  ASSERT_NE(at, mkv.end());
  std::ranges::copy(std::string("ROTATE\0", name.size()), at);
  constexpr std::ptrdiff_t kHeader = 3;  // of the text behind it
  std::ranges::copy(std::string("90\0", 3), at + std::ssize(name) + kHeader);
  const TemporaryFolder folder;
  const std::string path = (folder / "a.mkv").string();
  write(path, mkv);
  expect_turned(first_picture(path_of("jump1h.mkv")), first_picture(path), {0, 1, -1, 0});
}

}  // namespace
}  // namespace rearview::test
