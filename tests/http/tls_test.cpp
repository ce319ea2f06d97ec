#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <chrono>
#include <string>

#include "tests/http/server_fixture.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// What is special about TLS; that everything else works over it as well is for ServerTest.
class TlsTest : public ServerTest {
 protected:
  RawClient over_tls(int receive_buffer_bytes = 0) {
    return RawClient(port_, receive_buffer_bytes, Transport::tls);
  }
  RawClient plain(const std::string& address = "127.0.0.1") {
    return RawClient(port_, 0, Transport::plain, address);
  }
};

INSTANTIATE_TEST_SUITE_P(Over, TlsTest, ::testing::Values(Transport::tls),
                         [](const auto&) { return "tls"; });

TEST_P(TlsTest, SpeaksTls13AndOnlyHttp11) {
  serve();
  RawClient client = over_tls();
  EXPECT_STREQ(SSL_get_version(client.tls()), "TLSv1.3");
  ASSERT_TRUE(client.request("GET", "/hello"));
  EXPECT_EQ(client.response().body, "hello");
  EXPECT_EQ(stats().tls_handshakes, 1U);
  EXPECT_EQ(stats().tls_failures, 0U);
}

TEST_P(TlsTest, OnePortAnswersPlainHttpOfThisMachineToo) {
  serve();
  RawClient client = plain();
  ASSERT_TRUE(client.request("GET", "/hello"));
  EXPECT_EQ(client.response().body, "hello");
  EXPECT_EQ(stats().tls_handshakes, 0U);
}

TEST_P(TlsTest, PlainHttpFromElsewhereIsSentToHttps) {
  const auto addresses = test::addresses_of_this_machine();
  if (addresses.empty()) GTEST_SKIP() << "this machine has no address but its own";
  const std::string& address = addresses.front();
  ServerConfig config;
  config.host = "0.0.0.0";
  config.extra_hosts = {"board.example"};
  serve(config);
  RawClient client = plain(address);
  ASSERT_TRUE(client.send("GET /a%20b?q=1&r HTTP/1.1\r\nHost: board.example:8080\r\n\r\n"));
  const RawResponse moved = client.response();
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(moved.headers.at("location"), "https://board.example:8080/a%20b?q=1&r");
  EXPECT_EQ(moved.headers.at("cache-control"), "no-store");
  // Whoever makes a browser ask under another name isn't helped on.
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
  EXPECT_EQ(client.response().status, 421);
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: board.example:80@evil.example\r\n\r\n"));
  EXPECT_EQ(client.response().status, 400);

  RawClient secure(port_, 0, Transport::tls, address);
  ASSERT_TRUE(secure.send("GET /hello HTTP/1.1\r\nHost: board.example\r\n\r\n"));
  EXPECT_EQ(secure.response().body, "hello");
}

TEST_P(TlsTest, AHandshakeThatIsSlowEndsAndHoldsUpNobody) {
  ServerConfig config;
  config.now = clock_.now();
  serve(config);
  RawClient silent = plain();
  RawClient slow = plain();
  ASSERT_TRUE(slow.send("\x16\x03\x01"));
  for (int i = 0; i < 3; ++i) {
    RawClient client = over_tls();
    ASSERT_TRUE(client.request("GET", "/hello"));
    EXPECT_EQ(client.response().body, "hello");
  }
  EXPECT_TRUE(hears_in_time(slow));
  EXPECT_TRUE(slow.closed_by_server());
  EXPECT_TRUE(hears_in_time(silent));
  EXPECT_TRUE(silent.closed_by_server());
  EXPECT_EQ(stats().tls_failures, 1U);
  EXPECT_EQ(stats().timeouts, 1U);
  EXPECT_TRUE(eventually([this] { return stats().connections_open == 0; }));
}

TEST_P(TlsTest, BrokenHandshakesAreClosedAndCounted) {
  serve();
  std::string garbage = "\x16\x03\x01";
  garbage += std::string(2000, '\x7f');
  const std::string too_long = std::string("\x16\x03\x03\xff\xff", 5) + std::string(70'000, 'x');
  const std::string no_hello = std::string("\x16\x03\x03\x00\x04\x02\x00\x00\x00", 9);
  for (const std::string& bytes : {garbage, too_long, no_hello}) {
    RawClient client = plain();
    client.send(bytes);
    EXPECT_TRUE(client.closed_by_server());
  }
  EXPECT_EQ(stats().tls_failures, 3U);
  RawClient nonsense = plain();
  nonsense.send("\x80\x2e\x01 nonsense\r\n\r\n");
  EXPECT_EQ(nonsense.response().status, 400);
  EXPECT_EQ(stats().tls_failures, 3U);
}

TEST_P(TlsTest, HandshakesCountAsConnections) {
  ServerConfig config;
  config.max_connections = 2;
  serve(config);
  RawClient first = plain();
  RawClient second = plain();
  first.send("\x16\x03\x01");
  second.send("\x16\x03\x01");
  EXPECT_TRUE(eventually([this] { return stats().connections_open == 2; }));
  RawClient third = plain();
  EXPECT_TRUE(first.closed_by_server());
  EXPECT_EQ(stats().connections_displaced, 1U);
  EXPECT_EQ(stats().connections_open, 2U);
}

TEST_P(TlsTest, TellsTheEndOfABodyThatEndsWithTheConnection) {
  serve();
  RawClient whole = over_tls();
  whole.send("GET /pieces?n=2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(whole.response().body, "piece 1\npiece 0\n");
  EXPECT_TRUE(whole.told_of_the_end());
  // This one is cut: nobody may take it for whole.
  RawClient cut = over_tls();
  cut.send("GET /pieces?n=100 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(cut.response().body, "piece 99\npiece 98\n");
  EXPECT_FALSE(cut.told_of_the_end());

  RawClient watching = over_tls();
  watching.request("GET", "/stream");
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  loop_.run([&] { stream->send(std::make_shared<const std::string>("last\n")); });
  ASSERT_TRUE(watching.read_until("last\n"));
  // The client may have it before the server has been told that it went; a stream that is closed
  // while a piece is under way is a cut one.
  constexpr std::uint64_t kPieces = 2;  // with the head
  ASSERT_TRUE(eventually([this] { return stats().stream_pieces_sent == kPieces; }));
  loop_.run([&] { stream->close(); });
  EXPECT_TRUE(watching.closed_by_server());
  EXPECT_TRUE(watching.told_of_the_end());
}

TEST_P(TlsTest, AClientThatEndsOnlyItsHalfStillGetsItsAnswer) {
  serve();
  RawClient client = over_tls();
  client.request("GET", "/large", "Connection: close\r\n");
  SSL_shutdown(client.tls());
  EXPECT_EQ(client.response().body.size(), 20'000'000U);
}

TEST_P(TlsTest, KeyUpdatesCostNothingThatGrows) {
  ServerConfig config;
  config.now = clock_.now();  // a slow machine takes longer than a head may
  serve(config);
  RawClient client = over_tls();
  for (int i = 0; i < 20'000; ++i) {
    SSL_key_update(client.tls(), SSL_KEY_UPDATE_NOT_REQUESTED);
    if (SSL_do_handshake(client.tls()) != 1) break;  // refused is as good
  }
  RawClient other = over_tls();
  ASSERT_TRUE(other.request("GET", "/hello"));
  EXPECT_EQ(other.response().body, "hello");
  client.request("GET", "/hello");
  EXPECT_EQ(client.response().body, "hello");
}

TEST_P(TlsTest, WhoAsksForKeysAndNeverReadsIsHeldBack) {
  ServerConfig config;
  config.idle_timeout = 500ms;
  serve(config);
  RawClient client = over_tls(4096);
  for (int i = 0; i < 100'000; ++i) {
    SSL_key_update(client.tls(), SSL_KEY_UPDATE_REQUESTED);
    if (SSL_do_handshake(client.tls()) != 1) break;
  }
  EXPECT_TRUE(eventually([this] { return stats().connections_open == 0; }));
  RawClient other = over_tls();
  ASSERT_TRUE(other.request("GET", "/hello"));
  EXPECT_EQ(other.response().body, "hello");
}

TEST_P(TlsTest, AsksForNoMoreThanItWasGivenInSmallPieces) {
  serve();
  RawClient client = over_tls();
  for (const char c :
       std::string("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"))
    ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  EXPECT_EQ(client.response().body, "abc");
}

}  // namespace
}  // namespace rearview::http
