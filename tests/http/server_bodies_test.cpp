#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/http/server_fixture.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;

TEST_P(ServerTest, SendsFilesWholeAndInRanges) {
  const std::string content = make_file(1'000'003);
  serve();
  const RawResponse whole = get(port_, "/file");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.headers.at("accept-ranges"), "bytes");
  EXPECT_TRUE(whole.body == content);

  const RawResponse part = get(port_, "/file", "Range: bytes=100-299999\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.headers.at("content-range"), "bytes 100-299999/1000003");
  EXPECT_TRUE(part.body == content.substr(100, 299'900));
  EXPECT_TRUE(get(port_, "/file", "Range: bytes=-5\r\n").body ==
              content.substr(content.size() - 5));

  const RawResponse beyond = get(port_, "/file", "Range: bytes=1000003-\r\n");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.headers.at("content-range"), "bytes */1000003");

  const std::string etag = whole.headers.at("etag");
  EXPECT_EQ(get(port_, "/file", "Range: bytes=0-9\r\nIf-Range: " + etag + "\r\n").status, 206);
  EXPECT_EQ(get(port_, "/file", "Range: bytes=0-9\r\nIf-Range: \"old\"\r\n").status, 200);
  EXPECT_EQ(get(port_, "/file", "If-None-Match: \"old\", " + etag + "\r\n").status, 304);

  RawClient head(port_);
  head.request("HEAD", "/file");
  EXPECT_EQ(head.response(true).headers.at("content-length"), "1000003");
}

TEST_P(ServerTest, AnEmptyFileAndAMissingOne) {
  make_file(0);
  serve();
  const RawResponse empty = get(port_, "/file");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.headers.at("content-length"), "0");
  std::filesystem::remove(path_);
  EXPECT_EQ(get(port_, "/file").status, 404);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(get(port_, "/file").status, 404);
}

TEST_P(ServerTest, GeneratedBodiesAreChunkedAndCutWhenTheyFail) {
  serve();
  RawClient client(port_);
  client.request("GET", "/pieces?n=3");
  const RawResponse response = client.response();
  EXPECT_EQ(response.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(response.body, "piece 2\npiece 1\npiece 0\n");
  EXPECT_TRUE(response.complete);
  client.request("GET", "/hello");
  EXPECT_EQ(client.response().body, "hello");

  const RawResponse broken = get(port_, "/pieces?n=100");
  EXPECT_EQ(broken.status, 200);
  EXPECT_FALSE(broken.complete);

  RawClient old(port_);
  old.send("GET /pieces?n=2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.response().body, "piece 1\npiece 0\n");
}

TEST_P(ServerTest, AClientThatStopsReadingIsClosed) {
  ServerConfig config;
  config.write_timeout = 400ms;
  serve(config);
  RawClient client(port_, 4096);
  client.request("GET", "/large");
  EXPECT_TRUE(eventually([this] { return stats().timeouts == 1; }));
  EXPECT_EQ(stats().connections_open, 0U);
}

TEST_P(ServerTest, StreamsInOrder) {
  serve();
  RawClient client(port_);
  client.request("GET", "/stream");
  ASSERT_TRUE(client.read_until("\r\n\r\npreamble\n"));
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  loop_.run([&] {
    for (int i = 0; i < 100; ++i)
      EXPECT_TRUE(stream->send(std::make_shared<const std::string>(std::to_string(i) + "\n")));
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.read_until("\n"), std::to_string(i) + "\n");
  loop_.run([&] { stream->close(); });
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(streams_closed_, 1);
}

TEST_P(ServerTest, AStreamWhoseClientFallsBehindIsClosed) {
  ServerConfig config;
  config.stream_queue_bytes = 100'000;
  serve(config);
  RawClient stuck(port_, 4096);
  stuck.request("GET", "/stream");
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  const auto piece = std::make_shared<const std::string>(std::string(50'000, 'x'));
  EXPECT_TRUE(eventually([&] {
    bool open = true;
    loop_.run([&] { open = stream->send(piece); });
    return !open;
  }));
  EXPECT_EQ(streams_closed_, 1);
  EXPECT_EQ(stats().streams_overrun, 1U);
  EXPECT_EQ(stats().streams_open, 0U);
}

TEST_P(ServerTest, ALatestStreamKeepsOnlyTheNewestForASlowClient) {
  serve();
  RawClient slow(port_, 4096);
  slow.request("GET", "/stream");
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  const std::string filler(50'000, 'x');
  for (int i = 0; i < 200; ++i) {
    loop_.run([&] {
      stream->send_latest(
          std::make_shared<const std::string>(filler + "#" + std::to_string(i) + "\n"));
    });
  }
  // It never saw most of them, but the newest is the last that comes.
  int seen = 0;
  std::string newest;
  while (newest != "199\n") {
    ASSERT_TRUE(slow.read_until("#"));
    newest = slow.read_until("\n").value_or("199\n");
    ++seen;
  }
  EXPECT_LT(seen, 100);
  EXPECT_EQ(stats().stream_pieces_replaced, static_cast<std::uint64_t>(200 - seen));
}

TEST_P(ServerTest, AStuckStreamIsClosedByTheWriteTimeout) {
  ServerConfig config;
  config.write_timeout = 300ms;
  serve(config);
  RawClient stuck(port_, 4096);
  stuck.request("GET", "/stream");
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  loop_.run([&] {
    stream->send_latest(std::make_shared<const std::string>(std::string(5'000'000, 'x')));
  });
  EXPECT_TRUE(eventually([this] { return streams_closed_ == 1; }));
}

TEST_P(ServerTest, AnIdleStreamIsNotClosed) {
  ServerConfig config;
  config.now = clock_.now();
  serve(config);
  RawClient client(port_);
  client.request("GET", "/stream");
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  for (int i = 0; i < 3; ++i) {  // as long as others are closed for less
    RawClient idle(port_);
    idle.request("GET", "/hello");
    EXPECT_EQ(idle.response().status, 200);
    EXPECT_TRUE(hears_in_time(idle));
    EXPECT_TRUE(idle.closed_by_server());
  }
  EXPECT_EQ(streams_closed_, 0);
}

TEST_P(ServerTest, AClientThatLeavesClosesItsStream) {
  serve();
  {
    RawClient client(port_);
    client.request("GET", "/stream");
    ASSERT_TRUE(stream_number(0));
  }
  EXPECT_TRUE(eventually([this] { return streams_closed_ == 1; }));
}

TEST_P(ServerTest, StopsWithClientsOfEveryKind) {
  const std::string content = make_file(3'000'000);
  serve();
  RawClient idle(port_);
  RawClient streaming(port_);
  streaming.request("GET", "/stream");
  RawClient waiting(port_);
  waiting.request("GET", "/never");
  RawClient half(port_, 4096);
  half.request("GET", "/file");
  ASSERT_TRUE(stream_number(0));
  server_->stop();
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_TRUE(streaming.closed_by_server());
  EXPECT_TRUE(waiting.closed_by_server());
  EXPECT_EQ(streams_closed_, 0) << "a server that stops calls nobody back";
}

}  // namespace
}  // namespace rearview::http
