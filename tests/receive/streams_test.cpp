#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

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
  RecordingReader reader(path_of(name), 30, 1);
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

}  // namespace
}  // namespace rearview::test
