#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "tests/http/server_fixture.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;

/// What a client of a WebSocket may send that nobody asked for.
class WebSocketTest : public ServerTest {
 protected:
  void open(RawClient& client) {
    client.request("GET", "/ws",
                   "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    ASSERT_EQ(client.response(true).status, 101);
    ASSERT_TRUE(stream_number(0));
  }
  /// A client's frame, masked with zeros; size: what it says of itself, which may be a lie.
  static std::string frame(int first, std::uint64_t size, const std::string& payload) {
    std::string bytes(1, static_cast<char>(first));
    if (size < 126) {
      bytes += static_cast<char>(0x80 | size);
    } else {
      bytes += '\xff';
      for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
    }
    return bytes + std::string(4, '\0') + payload;
  }
  static std::string frame(int first, const std::string& payload) {
    return frame(first, payload.size(), payload);
  }
  void expect_end() {
    EXPECT_TRUE(eventually([this] { return streams_closed_ == 1; }));
    EXPECT_EQ(stats().streams_open, 0U);
    EXPECT_EQ(stats().connections_failed, 0U);
    EXPECT_EQ(get(port_, "/hello").body, "hello");
  }
};

INSTANTIATE_TEST_SUITE_P(Over, WebSocketTest, ::testing::Values(Transport::plain, Transport::tls),
                         [](const auto& one) {
                           return one.param == Transport::tls ? "tls" : "plain";
                         });

TEST_P(WebSocketTest, AMessageThatIsTooLongEndsIt) {
  serve();
  RawClient client(port_);
  open(client);
  client.send(frame(0x82, std::string(5000, 'x')));
  expect_end();
}

TEST_P(WebSocketTest, AFrameThatClaimsTheWorldEndsIt) {
  serve();
  RawClient client(port_);
  open(client);
  client.send(frame(0x82, 0x7fffffffffffffffU, "x"));
  expect_end();
}

TEST_P(WebSocketTest, FragmentsWithoutEndAreBounded) {
  serve();
  RawClient client(port_);
  open(client);
  client.send(frame(0x02, std::string(100, 'x')));
  for (int i = 0; i < 1000 && streams_closed_ == 0; ++i)
    client.send(frame(0x00, std::string(100, 'x')));
  expect_end();
}

TEST_P(WebSocketTest, PingsWithoutEndAreAnsweredOneByOne) {
  ServerConfig config;
  config.write_timeout = 1s;
  serve(config);
  RawClient client(port_);
  open(client);
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(client.send(frame(0x89, "p")));
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(client.read_exactly(3), "\x8a\x01p");
  EXPECT_EQ(streams_closed_, 0);
}

TEST_P(WebSocketTest, WhoPingsAndNeverReadsIsClosedOnceThereIsNews) {
  ServerConfig config;
  config.write_timeout = 500ms;
  serve(config);
  RawClient client(port_, 4096);
  open(client);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += frame(0x89, std::string(125, 'p'));
  bool taken = true;
  for (int i = 0; i < 100 && taken; ++i) taken = client.send(pings);
  // Whenever the server has got so far that it can't answer any more.
  EXPECT_TRUE(eventually([&] {
    loop_.run([&] { streams_[0]->send_latest(std::make_shared<const std::string>("news")); });
    return streams_closed_ == 1;
  }));
  expect_end();
}

TEST_P(WebSocketTest, BadFramesEndIt) {
  serve();
  int closed = 0;
  for (const std::string& bad :
       {std::string("\x81\x01x"), frame(0xc1, "x"), frame(0x83, "x"), frame(0x80, "x"),
        frame(0x09, "x"), frame(0x89, std::string(126, 'x')), frame(0x88, "x"),
        frame(0x81, "\xff\xfe")}) {
    RawClient client(port_);
    open(client);
    client.send(bad);
    ++closed;
    EXPECT_TRUE(eventually([&] { return streams_closed_ == closed; })) << closed;
  }
  EXPECT_EQ(stats().connections_failed, 0U);
}

}  // namespace
}  // namespace rearview::http
