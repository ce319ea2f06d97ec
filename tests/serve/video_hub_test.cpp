// The original video over real sockets.
#include <gmock/gmock.h>

#include <bit>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "serve/service.h"
#include "tests/serve/memory_history.h"
#include "tests/serve/web_socket_client.h"
#include "tests/support/standing_clock.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::WebSocketClient;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPath[] = "/api/v1/cameras/rear/video";

struct Message {
  int kind = 0;
  bool begins = false;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  double t_s = 0;
  std::string body;
};

std::uint64_t little_endian(const std::string& text, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(text[at + i]);
  return value;
}

Message next(WebSocketClient& client) {
  const auto frame = client.read();
  if (!frame || frame->opcode != 2 || frame->payload.size() < 24) return {};
  const std::string& text = frame->payload;
  return {text[0],
          little_endian(text, 1, 3) == 1,
          little_endian(text, 4, 4),
          little_endian(text, 8, 8),
          std::bit_cast<double>(little_endian(text, 16, 8)),
          text.substr(24)};
}

class VideoTest : public ::testing::Test {
 protected:
  void start(ServeConfig config = {}) {
    config.site.port = 0;
    service_.emplace(
        config, std::vector<std::string>{"rear"}, history_,
        [] {
          CameraStatus status;
          status.name = "rear";
          return std::vector<CameraStatus>{status};
        },
        clock_.now());
    service_->start();
  }

  void send(std::uint64_t seq, bool idr, std::size_t bytes = 10, std::uint32_t epoch = 1) {
    LiveAccessUnit unit;
    unit.bytes.assign(bytes, static_cast<std::uint8_t>(seq));
    unit.idr = unit.has_parameter_sets = idr;
    unit.epoch = epoch;
    unit.seq = seq;
    unit.t_s = static_cast<double>(seq) / 4;
    service_->publish_access_unit(0, unit);
  }
  void analyse(std::uint64_t seq) {
    Analysis analysis;
    analysis.camera = "rear";
    analysis.epoch = 1;
    analysis.seq = seq;
    service_->publish_analysis(0, std::make_shared<const Analysis>(analysis));
  }
  std::string metrics() { return get(service_->port(), "/metrics").body; }

  test::StandingClock clock_;
  test::MemoryHistory history_;
  std::optional<Service> service_;
};

TEST_F(VideoTest, BeginsWithTheLastIdrAndCarriesAnalyses) {
  start();
  send(1, true);
  send(2, false);
  send(3, true);
  send(4, false);
  metrics();  // what was published before is in the hub when this is answered
  clock_.advance(1s);
  WebSocketClient viewer(service_->port());
  ASSERT_THAT(viewer.shake_hands(kPath), HasSubstr("101"));
  const Message first = next(viewer);
  EXPECT_EQ(first.kind, 1);
  EXPECT_TRUE(first.begins);
  EXPECT_EQ(first.epoch, 1u);
  EXPECT_EQ(first.seq, 3u);
  EXPECT_EQ(first.t_s, 0.75);
  EXPECT_EQ(first.body, std::string(10, 3));
  const Message second = next(viewer);
  EXPECT_EQ(second.seq, 4u);
  EXPECT_FALSE(second.begins);
  analyse(4);
  const Message analysis = next(viewer);
  EXPECT_EQ(analysis.kind, 2);
  EXPECT_EQ(analysis.seq, 4u);
  EXPECT_EQ(nlohmann::json::parse(analysis.body)["seq"], 4);
  EXPECT_THAT(metrics(), HasSubstr("rearview_video_viewers{camera=\"rear\"} 1\n"));
}

TEST_F(VideoTest, AnOldPictureIsNoBeginning) {
  start();
  send(1, true);
  metrics();
  clock_.advance(1001ms);
  WebSocketClient viewer(service_->port());
  viewer.shake_hands(kPath);
  send(2, false);
  send(3, true);
  EXPECT_EQ(next(viewer).seq, 3u);
}

TEST_F(VideoTest, ANewConnectionToTheCameraBeginsWithItsIdr) {
  start();
  WebSocketClient viewer(service_->port());
  viewer.shake_hands(kPath);
  send(1, true);
  EXPECT_EQ(next(viewer).seq, 1u);
  send(2, false, 10, 2);
  send(3, true, 10, 2);
  EXPECT_EQ(next(viewer).seq, 3u);
}

TEST_F(VideoTest, ASlowViewerGoesOnWithTheNextIdrAndHoldsUpNobody) {
  ServeConfig config;
  config.video_queue_bytes = 64 * 1024;
  config.stream_buffer_bytes = 16 * 1024;
  start(config);
  WebSocketClient slow(service_->port(), 4096);
  slow.shake_hands(kPath);
  WebSocketClient quick(service_->port());
  quick.shake_hands(kPath);
  std::uint64_t seq = 0;
  const auto send_group = [&] {
    for (int i = 0; i < 10; ++i) {
      send(++seq, i == 0, 8000);
      ASSERT_EQ(next(quick).seq, seq);
    }
  };
  for (int group = 0; group < 10; ++group) send_group();
  EXPECT_THAT(metrics(), Not(HasSubstr("video_units_skipped_total{camera=\"rear\"} 0\n")));
  // Where units are missing, it goes on with what can be decoded.
  std::uint64_t newest = 0;
  bool missed = false;
  while (!missed && seq < 2000) {
    send_group();
    const Message message = next(slow);
    ASSERT_GT(message.seq, newest);
    missed = message.seq != newest + 1;
    EXPECT_TRUE(message.begins || !missed);
    newest = message.seq;
  }
  EXPECT_TRUE(missed);
}

}  // namespace
}  // namespace rearview
