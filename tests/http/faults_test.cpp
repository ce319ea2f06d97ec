#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "http/io_loop.h"
#include "tests/http/server_fixture.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;

/// What one connection causes ends that connection at most.
class FaultsTest : public ServerTest {
 protected:
  void expect_alive() {
    const RawResponse hello = get(port_, "/hello");
    EXPECT_EQ(hello.status, 200);
    EXPECT_EQ(hello.body, "hello");
  }

  /// A handler, and callbacks of streams, that throw what nobody here throws.
  void serve_faults() {
    Router router;
    router.get("/hello", [](const Request&) { return text(200, "hello"); });
    router.get("/throws", [](const Request&) -> Response { throw 5; });
    router.get("/worker-throws", [this](const Request&, Responder responder) {
      server_->answer_on_worker(std::move(responder), []() -> Response { throw 5; });
    });
    router.get("/task-throws", [this](const Request&) {
      server_->on_worker([] { throw 5; });
      return text(200, "posted");
    });
    router.get("/later", [this](const Request&, Responder responder) {
      // Once the answer is made, nobody is left who would catch what decorate throws.
      server_->on_worker([responder] { responder.respond(text(200, "later")); });
    });
    router.get("/stream", [](const Request&) {
      return stream("text/plain", [](const std::shared_ptr<Stream>&) { throw 5; });
    });
    router.get("/closing-stream", [this](const Request&) {
      return stream("text/plain", [this](const std::shared_ptr<Stream>& opened) {
        opened->on_idle([] { throw std::runtime_error("idle"); });
        opened->on_closed([this] {
          ++streams_closed_;
          throw std::runtime_error("closed");
        });
      });
    });
    router.get("/ws", [](const Request&) {
      return web_socket([](const std::shared_ptr<Stream>&) { throw std::runtime_error("opened"); });
    });
    router.get("/generated", [](const Request&) {
      class Throws final : public BodySource {
        void next(std::string&) override { throw 5; }
      };
      return generated(std::make_shared<Throws>(), "text/plain");
    });
    ServerConfig config;
    config.decorate = [](const Request& request, Response&) {
      if (request.path == "/later") throw std::runtime_error("decorate");
    };
    loop_.start();
    server_.emplace(loop_, over_transport(std::move(config)), std::move(router));
    server_->start();
    port_ = server_->port();
  }
};

INSTANTIATE_TEST_SUITE_P(Over, FaultsTest, ::testing::Values(Transport::plain, Transport::tls),
                         [](const auto& one) {
                           return one.param == Transport::tls ? "tls" : "plain";
                         });

constexpr std::string_view kChunkedEcho =
    "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_P(FaultsTest, ALongTrailerIsRefused) {
  serve();
  for (const std::size_t bytes : {20'000U, 66'000U, 1'000'000U}) {
    RawClient client(port_);
    client.send(std::string(kChunkedEcho) + "1\r\nx\r\n0\r\nX: " + std::string(bytes, 'y'));
    client.send("\r\n\r\n");
    EXPECT_EQ(client.response().status, 431) << bytes;
  }
  expect_alive();
  EXPECT_EQ(stats().connections_failed, 0U);
}

TEST_P(FaultsTest, ChunkExtensionsAreRefusedWhereAHeaderWouldBe) {
  serve();
  RawClient one(port_);
  one.send(std::string(kChunkedEcho) + "1;x=" + std::string(20'000, 'y'));
  EXPECT_EQ(one.response().status, 431);
  RawClient in_all(port_);
  std::string chunks(kChunkedEcho);
  for (int i = 0; i < 100; ++i) chunks += "1;x=" + std::string(200, 'y') + "\r\nx\r\n";
  in_all.send(chunks);
  EXPECT_EQ(in_all.response().status, 431);
  RawClient zeros(port_);
  zeros.send(std::string(kChunkedEcho) + std::string(20'000, '0'));
  EXPECT_EQ(zeros.response().status, 431);
  RawClient last(port_);
  last.send(std::string(kChunkedEcho) + "0;x=" + std::string(20'000, 'y') + "\r\n\r\n");
  EXPECT_EQ(last.response().status, 431);
  expect_alive();
}

TEST_P(FaultsTest, SmallExtensionsAndTrailersPass) {
  serve();
  RawClient client(port_);
  client.send(std::string(kChunkedEcho) + "3;a=b\r\nabc\r\n0;c\r\nX: y\r\nZ: w\r\n\r\n");
  EXPECT_EQ(client.response().body, "abc");
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.response().body, "hello");
}

TEST_P(FaultsTest, TheSmallestChunksPass) {
  serve();
  RawClient client(port_);
  std::string chunks(kChunkedEcho);
  for (int i = 0; i < 60'000; ++i) chunks += "1\r\nx\r\n";
  client.send(chunks + "0\r\n\r\n");
  EXPECT_EQ(client.response().body.size(), 60'000U);
}

TEST_P(FaultsTest, WhatIsThrownAnywhereEndsNoMoreThanItsConnection) {
  serve_faults();
  EXPECT_EQ(get(port_, "/throws").status, 500);
  EXPECT_EQ(get(port_, "/worker-throws").status, 500);
  EXPECT_EQ(get(port_, "/task-throws").body, "posted");
  EXPECT_FALSE(get(port_, "/generated").complete);
  expect_alive();
  EXPECT_EQ(stats().connections_failed, 0U);

  for (const char* path : {"/later", "/stream", "/closing-stream"}) {
    RawClient client(port_);
    client.request("GET", path);
    EXPECT_TRUE(client.closed_by_server()) << path;
    expect_alive();
  }
  RawClient socket(port_);
  socket.request("GET", "/ws",
                 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  EXPECT_TRUE(socket.closed_by_server());
  expect_alive();
  EXPECT_EQ(stats().connections_failed, 4U);
  EXPECT_EQ(streams_closed_, 1) << "a stream's owner is told also of such an end";
  EXPECT_EQ(stats().streams_open, 0U);
  EXPECT_TRUE(eventually([this] { return stats().connections_open == 0; }));
}

TEST(IoLoop, ATaskThatThrowsIsToldToWhoeverWaitsForIt) {
  IoLoop loop;
  loop.start();
  EXPECT_THROW(loop.run([] { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(loop.failures(), 0U);
  bool ran = false;
  loop.run([&ran] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(IoLoop, TasksAndTimersThatThrowEndNothing) {
  IoLoop loop;
  std::atomic<int> ticks = 0;
  const auto timer = loop.every(1ms, [&ticks] {
    if (++ticks % 2 == 1) throw 5;
  });
  loop.start();
  loop.post([] { throw std::runtime_error("posted"); });
  EXPECT_TRUE(test::eventually([&ticks] { return ticks >= 5; }));
  EXPECT_GE(loop.failures(), 3U);
  loop.stop();
}

}  // namespace
}  // namespace rearview::http
