#include "http/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rearview::http {
namespace {

using Stage = RequestReader::Stage;

constexpr RequestReader::Limits kLimits{16 * 1024, 64 * 1024};

/// The status of these bytes, 200 for a request that is good and whole, 0 for one that isn't whole;
/// the same in one piece and byte by byte.
int status_of(std::string_view bytes) {
  int whole = 0;
  for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
    RequestReader reader(kLimits);
    std::string unread;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      unread += bytes.substr(at, step);
      unread.erase(0, reader.push(unread));
      if (reader.stage() == Stage::refused || reader.stage() == Stage::complete) break;
    }
    const int status = reader.stage() == Stage::refused    ? reader.status()
                       : reader.stage() == Stage::complete ? 200
                                                           : 0;
    if (step == bytes.size()) whole = status;
    EXPECT_EQ(status, whole) << bytes;
  }
  return whole;
}

std::string get_with(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: localhost\r\n" + std::string(lines) + "\r\n";
}

std::string post_with(std::string_view lines, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: localhost\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

TEST(RequestReader, TakesOneRequestAndNoMore) {
  RequestReader reader(kLimits);
  const std::string first = post_with("Content-Length: 3\r\nConnection: close\r\n", "abc");
  EXPECT_EQ(reader.push(first + "GET /next"), first.size());
  ASSERT_EQ(reader.stage(), Stage::complete);
  EXPECT_EQ(reader.request().method, "POST");
  EXPECT_EQ(reader.request().target, "/");
  EXPECT_EQ(reader.request().body, "abc");
  EXPECT_EQ(reader.request().header("host"), "localhost");
  EXPECT_FALSE(reader.keep_alive());
}

TEST(RequestReader, TakesChunks) {
  RequestReader reader(kLimits);
  const std::string sent =
      post_with("Transfer-Encoding: Chunked\r\n",
                "3;a=\"b;c\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nHost: evil\r\nX: y\r\n\r\n");
  EXPECT_EQ(reader.push(sent), sent.size());
  ASSERT_EQ(reader.stage(), Stage::complete);
  EXPECT_EQ(reader.request().body, "abc0123456789");
  EXPECT_EQ(reader.request().headers.size(), 2U) << "trailers are no header";
  EXPECT_TRUE(reader.keep_alive());
}

TEST(RequestReader, KnowsWhoWaits) {
  RequestReader reader(kLimits);
  reader.push(post_with("Content-Length: 3\r\nExpect: 100-Continue\r\n", ""));
  ASSERT_EQ(reader.stage(), Stage::body);
  EXPECT_TRUE(reader.expects_continue());
}

TEST(RequestReader, RefusesTwoWaysToEndABody) {
  for (const char* lines :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n", "Content-Length: -3\r\n", "Content-Length: +3\r\n",
        "Content-Length: 0x3\r\n", "Content-Length: 3 3\r\n", "Content-Length: \r\n",
        "Content-Length: 3;\r\n", "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 18446744073709551619\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding : chunked\r\n", "Content-Length : 3\r\n", " Content-Length: 3\r\n"})
    EXPECT_EQ(status_of(post_with(lines, "0\r\n\r\n")), 400) << lines;
}

TEST(RequestReader, RefusesCodingsItDoesNotKnow) {
  for (const char* coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "xchunked",
        "chunked;x", "\"chunked\"", "chunked,", ",chunked", "chunke", ""})
    EXPECT_EQ(
        status_of(post_with(std::string("Transfer-Encoding: ") + coding + "\r\n", "0\r\n\r\n")),
        501)
        << coding;
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesLinesThatOthersMayReadOtherwise) {
  for (const std::string& bad : {std::string("GET / HTTP/1.1\nHost: localhost\n\n\r\n\r\n"),
                                 std::string("GET / HTTP/1.1\r\nHost: localhost\n\r\n\r\n"),
                                 std::string("GET / HTTP/1.1\r\nHost: local\rhost\r\n\r\n"),
                                 std::string("GET / HTTP/1.1\r\nHost: localhost\r\r\n\r\n"),
                                 get_with("A: b\r\n c\r\n"),
                                 get_with("A: b\r\n\tc\r\n"),
                                 get_with(" A: b\r\n"),
                                 get_with("A\r\n"),
                                 get_with(": b\r\n"),
                                 get_with("A b: c\r\n"),
                                 get_with("A\t: c\r\n"),
                                 get_with("A: b\x01\r\n"),
                                 get_with(std::string("A: b\0c\r\n", 8)),
                                 get_with(std::string("A\0: b\r\n", 7)),
                                 std::string("\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                                 std::string("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                                 std::string("GET\t/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                                 std::string("G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                                 std::string("\x16\x03\x01\x02\x00\r\n\r\n", 9),
                                 std::string("\r\n\r\n")})
    EXPECT_EQ(status_of(bad), 400) << bad;
  EXPECT_EQ(status_of("GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: localhost\r\n\r\n"), 505);
}

TEST(RequestReader, RefusesChunksThatOthersMayReadOtherwise) {
  for (const char* body : {"x\r\n", "-1\r\nx\r\n", "+1\r\nx\r\n", "0x1\r\nx\r\n\r\n", " 1\r\nx\r\n",
                           "1\r\nx\n0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "1\r\nx0\r\n\r\n", "\r\n",
                           "1 x\r\nx\r\n", "1;\x01\r\nx\r\n", "0\r\nX\r\n\r\n",
                           "0\r\nContent-Length: 5\r\n\r\n", "10000000000000001\r\nx\r\n",
                           "6;a=\"b\r\nabcdef\r\n", "3\r\nabc\r\n6;a=\"b\r\nabcdef\r\n0\r\n\r\n"})
    EXPECT_EQ(status_of(post_with("Transfer-Encoding: chunked\r\n", body)), 400) << body;
  EXPECT_EQ(status_of(post_with("Transfer-Encoding: chunked\r\n", "1\nx\n0\n\n")), 0)
      << "no line end";
  EXPECT_EQ(status_of(post_with("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\nx\r\n")),
            413);
}

TEST(RequestReader, BoundsAllThatItHolds) {
  EXPECT_EQ(status_of(get_with("A: " + std::string(16'000, 'b') + "\r\n")), 200);
  EXPECT_EQ(status_of(get_with("A: " + std::string(17'000, 'b') + "\r\n")), 431);
  EXPECT_EQ(status_of("GET /" + std::string(17'000, 'b')), 431);
  std::string lines;
  for (int i = 0; i < 99; ++i) lines += "A: b\r\n";
  EXPECT_EQ(status_of(get_with(lines)), 200);
  EXPECT_EQ(status_of(get_with(lines + "A: b\r\n")), 431);
  EXPECT_EQ(status_of(post_with("Content-Length: 65537\r\n", "")), 413);
  EXPECT_EQ(status_of(post_with("Transfer-Encoding: chunked\r\n",
                                "ffff\r\n" + std::string(0xffff, 'x') + "\r\n2\r\n")),
            413);
}

/// No promise of most_unread_bytes is broken, whatever the bytes.
TEST(RequestReader, WantsNoMoreUnreadThanItSays) {
  for (const std::string& endless :
       {std::string("G"), std::string("GET / HTTP/1.1\r\nA: "), std::string("GET / HTTP/1.1\r\n"),
        post_with("Transfer-Encoding: chunked\r\n", "1;"),
        post_with("Transfer-Encoding: chunked\r\n", "0\r\nA: "),
        post_with("Transfer-Encoding: chunked\r\nB: " + std::string(16'000, 'b') + "\r\n",
                  "1\r\nx\r\n0")}) {
    RequestReader reader(kLimits);
    std::string unread = endless;
    unread.erase(0, reader.push(unread));
    int given = 0;
    while (reader.stage() != Stage::refused) {
      ASSERT_LT(unread.size(), reader.most_unread_bytes());
      unread += '0';
      unread.erase(0, reader.push(unread));
      ASSERT_LT(++given, 100'000);
    }
    EXPECT_EQ(reader.status(), 431);
  }
}

}  // namespace
}  // namespace rearview::http
