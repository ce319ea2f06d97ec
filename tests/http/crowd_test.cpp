#include <gmock/gmock.h>

#include <chrono>
#include <deque>
#include <string>

#include "http/visitors.h"
#include "tests/http/server_fixture.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;

/// Many clients at once, of several addresses.
class CrowdTest : public ServerTest {
 protected:
  /// Connects and says nothing.
  void silent(int count, const std::string& from) {
    for (int i = 0; i < count; ++i)
      crowd_.emplace_back(port_, 0, Transport::plain, "127.0.0.1", from);
  }
  void streaming(int count, const std::string& from) {
    for (int i = 0; i < count; ++i) {
      crowd_.emplace_back(port_, 0, RawClient::usual, "127.0.0.1", from);
      crowd_.back().request("GET", "/stream");
    }
  }
  int status_of(const std::string& path, const std::string& from = "127.0.0.1") {
    RawClient client(port_, 0, RawClient::usual, "127.0.0.1", from);
    client.request("GET", path);
    return client.response().status;
  }

  std::deque<RawClient> crowd_;
};

INSTANTIATE_TEST_SUITE_P(Over, CrowdTest, ::testing::Values(Transport::plain, Transport::tls),
                         [](const auto& one) {
                           return one.param == Transport::tls ? "tls" : "plain";
                         });

TEST_P(CrowdTest, SilentConnectionsNeverShutANewcomerOut) {
  ServerConfig config;
  config.max_connections = 64;
  config.max_connections_per_address = 16;
  serve(config);
  for (int round = 0; round < 10; ++round) {
    for (const char* from : {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"})
      silent(20, from);
    EXPECT_EQ(status_of("/hello"), 200);
    EXPECT_EQ(status_of("/hello", "127.0.0.2"), 200) << "not even of an address that is full";
  }
  EXPECT_LE(stats().connections_open, 64U);
  EXPECT_EQ(stats().connections_refused, 0U);
}

TEST_P(CrowdTest, HalfARequestIsNoMoreThanSilence) {
  ServerConfig config;
  config.max_connections = 8;
  serve(config);
  for (int i = 0; i < 20; ++i) {
    RawClient& slow = crowd_.emplace_back(port_);
    slow.send(i % 2 == 0 ? "GET /hello HTTP/1.1\r\nHost: "
                         : "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx");
    EXPECT_EQ(status_of("/hello", "127.0.0.2"), 200);
  }
}

TEST_P(CrowdTest, AnAnswerThatNobodyTakesGivesWay) {
  ServerConfig config;
  config.max_connections = 4;
  config.write_timeout = 60s;
  serve(config);
  for (int i = 0; i < 4; ++i) {
    crowd_.emplace_back(port_, 4096, RawClient::usual, "127.0.0.1", "127.0.0.2")
        .request("GET", "/large");
  }
  EXPECT_TRUE(eventually([this] { return status_of("/hello") == 200; }));
}

TEST_P(CrowdTest, StreamsLeaveAReserveForAnswersThatEnd) {
  ServerConfig config;
  config.max_connections = 16;
  config.max_connections_per_address = 16;
  serve(config);
  streaming(20, "127.0.0.2");
  EXPECT_TRUE(eventually([this] { return stats().streams_refused == 6; }));
  EXPECT_EQ(stats().streams_open, 14U);
  EXPECT_EQ(status_of("/hello"), 200);
  EXPECT_EQ(status_of("/stream"), 503);
  crowd_.pop_front();
  EXPECT_TRUE(eventually([this] { return stats().streams_open == 13; }));
  streaming(1, "127.0.0.1");
  EXPECT_TRUE(eventually([this] { return stats().streams_open == 14; }));
}

TEST_P(CrowdTest, OneAddressCannotTakeAllStreams) {
  ServerConfig config;
  config.max_connections = 64;
  config.max_connections_per_address = 8;
  serve(config);
  streaming(20, "127.0.0.2");
  EXPECT_TRUE(eventually([this] { return stats().streams_open == 7; }));
  streaming(2, "127.0.0.3");
  EXPECT_TRUE(eventually([this] { return stats().streams_open == 9; }));
  EXPECT_EQ(status_of("/hello", "127.0.0.2"), 200);
}

TEST_P(CrowdTest, AnAddressThatAsksTooFastIsToldSo) {
  ServerConfig config;
  config.max_requests_per_s_per_address = 5;
  serve(config);
  RawClient hasty(port_, 0, RawClient::usual, "127.0.0.1", "127.0.0.2");
  int limited = 0;
  for (int i = 0; i < 100 && limited == 0; ++i) {
    hasty.request("GET", "/hello");
    const RawResponse response = hasty.response();
    if (response.status != 429) continue;
    ++limited;
    EXPECT_EQ(response.headers.at("retry-after"), "1");
  }
  EXPECT_EQ(limited, 1);
  EXPECT_EQ(status_of("/hello"), 200) << "others aren't held up";
  EXPECT_EQ(stats().requests_limited, 1U);
}

TEST(Visitors, ForgivesWithTime) {
  Visitors visitors(10);
  const auto address = boost::asio::ip::make_address("192.0.2.1");
  SteadyTime now{};
  now += 1h;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(visitors.may_ask(address, now)) << i;
  EXPECT_FALSE(visitors.may_ask(address, now));
  EXPECT_FALSE(visitors.may_ask(address, now + 50ms));
  EXPECT_TRUE(visitors.may_ask(address, now + 150ms));
  EXPECT_FALSE(visitors.may_ask(address, now + 150ms));
  EXPECT_TRUE(visitors.may_ask(boost::asio::ip::make_address("192.0.2.2"), now));
}

}  // namespace
}  // namespace rearview::http
