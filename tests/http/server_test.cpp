#include "http/server.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>

#include "http/stream.h"
#include "tests/http/raw_client.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::RawClient;
using test::RawResponse;
using ::testing::HasSubstr;

/// A server on a free port with one of everything.
class ServerTest : public ::testing::Test {
 protected:
  void serve(ServerConfig config = {}, ErrorFormat errors = problem) {
    Router router;
    router.get("/hello", [](const Request&) { return text(200, "hello"); });
    router.get("/cameras/{name}/state", [](const Request& request) {
      return text(200, std::string(request.param("name")));
    });
    router.add("POST", "/echo", [](const Request& request) { return text(200, request.body); });
    router.get("/query", [](const Request& request) {
      return text(200, std::string(request.query_value("q").value_or("none")));
    });
    router.get("/teapot", [](const Request&) -> Response { throw HttpError(409, "no tea"); });
    router.get("/broken", [](const Request&) -> Response { throw std::runtime_error("secret"); });
    router.get("/forgotten", [](const Request&, Responder) {});
    router.get("/never", [this](const Request&, Responder responder) {
      const std::lock_guard lock(mutex_);
      kept_.push_back(std::move(responder));
    });
    router.get("/work", [this](const Request&, Responder responder) {
      server_->answer_on_worker(std::move(responder), [] { return text(200, "worked"); });
    });
    router.get("/file", [this](const Request&) { return file(path_, "video/mp4"); });
    router.get("/large", [](const Request&) { return text(200, std::string(20'000'000, 'x')); });
    router.get("/pieces", [](const Request& request) {
      return generated(std::make_shared<Counting>(
                           std::stoi(std::string(request.query_value("n").value_or("3")))),
                       "text/plain");
    });
    router.get("/stream", [this](const Request&) {
      return stream(
          "text/event-stream",
          [this](std::shared_ptr<Stream> opened) {
            opened->on_closed([this] { ++streams_closed_; });
            const std::lock_guard lock(mutex_);
            streams_.push_back(std::move(opened));
          },
          "preamble\n");
    });
    loop_.start();
    server_.emplace(loop_, std::move(config), std::move(router), std::move(errors));
    server_->start();
    port_ = server_->port();
  }

  void TearDown() override {
    server_.reset();
    loop_.stop();
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  std::string make_file(std::size_t bytes) {
    path_ = std::filesystem::temp_directory_path() /
            ("rearview_http_" + std::to_string(::getpid()) + ".bin");
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(i * 31 % 251);
    std::ofstream(path_, std::ios::binary) << content;
    return content;
  }

  std::shared_ptr<Stream> stream_number(std::size_t index) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (streams_.size() > index) return streams_[index];
      }
      std::this_thread::sleep_for(5ms);
    }
    return nullptr;
  }

  template <typename F>
  bool eventually(F condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  ServerStats stats() {
    ServerStats copy;
    loop_.run([&] { copy = server_->stats(); });
    return copy;
  }

  class Counting final : public BodySource {
   public:
    explicit Counting(int pieces) : left_(pieces) {}
    void next(std::string& piece) override {
      if (left_ < 0) throw std::runtime_error("broke");
      if (left_-- > 0) piece = "piece " + std::to_string(left_) + "\n";
      if (left_ == 98) left_ = -1;  // a hundred pieces: breaks after the first
    }

   private:
    int left_;
  };

  std::mutex mutex_;
  std::vector<Responder> kept_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::atomic<int> streams_closed_ = 0;
  std::filesystem::path path_ = "/nonexistent/rearview";
  IoLoop loop_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  serve();
  RawClient client(port_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.request("GET", "/hello"));
    const RawResponse response = client.response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_TRUE(response.headers.contains("date"));
  }
  EXPECT_EQ(stats().connections_accepted, 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  serve();
  RawClient client(port_);
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += "GET /query?q=" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.response().body, std::to_string(i));
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  serve();
  RawClient client(port_);
  ASSERT_TRUE(client.request("GET", "/hello", "Connection: close\r\n"));
  const RawResponse response = client.response();
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServerTest, Http10ClosesUnlessKeptAlive) {
  serve();
  RawClient client(port_);
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(client.response().headers.at("connection"), "keep-alive");
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(client.response().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServerTest, RoutesWithDecodedParameters) {
  serve();
  EXPECT_EQ(get(port_, "/cameras/rear/state").body, "rear");
  EXPECT_EQ(get(port_, "/cameras/rear%20one/state").body, "rear one");
  EXPECT_EQ(get(port_, "/cameras/a%2Fb/state").body, "a/b");
  EXPECT_EQ(get(port_, "/cameras//state").status, 404);
  EXPECT_EQ(get(port_, "/cameras/a/b/state").status, 404);
}

TEST_F(ServerTest, HeadGivesTheHeaderOnly) {
  serve();
  RawClient client(port_);
  for (const char* path : {"/hello", "/pieces"}) {
    ASSERT_TRUE(client.request("HEAD", path));
    EXPECT_EQ(client.response(true).status, 200);
  }
  ASSERT_TRUE(client.request("GET", "/hello"));
  EXPECT_EQ(client.response().body, "hello");
}

TEST_F(ServerTest, UnknownPathIs404AndWrongMethodIs405) {
  serve();
  const RawResponse missing = get(port_, "/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.headers.at("content-type"), "application/problem+json");
  const auto body = nlohmann::json::parse(missing.body);
  EXPECT_EQ(body["status"], 404);
  EXPECT_EQ(body["title"], "Not Found");
  EXPECT_FALSE(body["detail"].get<std::string>().empty());

  RawClient client(port_);
  client.request("DELETE", "/hello");
  const RawResponse wrong = client.response();
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "GET, HEAD");
}

TEST_F(ServerTest, ErrorFormatAndFallbackAreHooks) {
  Router router;
  router.fallback([](const Request& request, const std::string&) {
    return text(501, "Unknown " + request.method + " request");
  });
  router.get("/bad", [](const Request&) -> Response { throw HttpError(400, "plainly bad"); });
  loop_.start();
  server_.emplace(loop_, ServerConfig{}, std::move(router), plain_error);
  server_->start();
  port_ = server_->port();
  EXPECT_EQ(get(port_, "/bad").body, "plainly bad");
  EXPECT_EQ(get(port_, "/what").body, "Unknown GET request");
  EXPECT_EQ(get(port_, "/what").status, 501);
}

TEST_F(ServerTest, HandlerErrorsBecomeStatuses) {
  serve();
  EXPECT_EQ(get(port_, "/teapot").status, 409);
  const RawResponse broken = get(port_, "/broken");
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.body.find("secret"), std::string::npos);
  EXPECT_EQ(get(port_, "/forgotten").status, 503);
  EXPECT_EQ(get(port_, "/work").body, "worked");
}

TEST_F(ServerTest, MalformedRequestsAre400) {
  serve();
  for (const char* bad : {
           "nonsense\r\n\r\n",
           "GET /hello HTTP/1.1\r\n\r\n",
           "GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
           "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET /query?q=%1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
           "Transfer-Encoding: chunked\r\n\r\n",
           "GET /hello HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
       }) {
    RawClient client(port_);
    ASSERT_TRUE(client.send(bad));
    EXPECT_EQ(client.response().status, 400) << bad;
  }
}

TEST_F(ServerTest, ForeignHostNameIs421) {
  serve();
  RawClient client(port_);
  client.send("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.response().status, 421);
}

TEST_F(ServerTest, SizesAreBounded) {
  ServerConfig config;
  config.max_header_bytes = 2048;
  config.max_body_bytes = 1000;
  serve(config);
  RawClient long_header(port_);
  long_header.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'x') +
                   "\r\n\r\n");
  EXPECT_EQ(long_header.response().status, 431);

  RawClient fits(port_);
  fits.request("POST", "/echo", {}, std::string(1000, 'b'));
  EXPECT_EQ(fits.response().body.size(), 1000U);
  RawClient too_long(port_);
  too_long.request("POST", "/echo", {}, std::string(500'000, 'b'));
  EXPECT_EQ(too_long.response().status, 413);
  EXPECT_TRUE(too_long.closed_by_server());
  RawClient chunked(port_);
  chunked.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" +
      std::string(2048, 'b') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.response().status, 413);
}

TEST_F(ServerTest, SaysContinueToThoseWhoWait) {
  serve();
  RawClient client(port_);
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\n");
  ASSERT_TRUE(client.read_until("100 Continue\r\n\r\n"));
  client.send("body");
  EXPECT_EQ(client.response().body, "body");
}

TEST_F(ServerTest, SlowRequestsAreAnswered408AndIdleOnesClosed) {
  ServerConfig config;
  config.header_timeout = 300ms;
  config.body_timeout = 300ms;
  config.idle_timeout = 300ms;
  serve(config);
  RawClient slow(port_);
  slow.send("GET /hello HTTP/1.1\r\nHo");
  EXPECT_EQ(slow.response().status, 408);
  EXPECT_TRUE(slow.closed_by_server());
  RawClient slow_body(port_);
  slow_body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(slow_body.response().status, 408);
  RawClient silent(port_);
  EXPECT_TRUE(silent.closed_by_server());
  RawClient idle(port_);
  idle.request("GET", "/hello");
  EXPECT_EQ(idle.response().status, 200);
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_EQ(stats().timeouts, 2U);
}

TEST_F(ServerTest, ATrickledHeaderGetsNoMoreTimeThanAnother) {
  ServerConfig config;
  config.header_timeout = 500ms;
  serve(config);
  RawClient client(port_);
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n");
  bool answered = false;
  for (int i = 0; i < 200 && !answered; ++i) {
    client.send("X: y\r\n");
    answered = client.hears_within(50ms);
  }
  EXPECT_TRUE(answered);
  EXPECT_EQ(client.response().status, 408);
}

TEST_F(ServerTest, AHandlerThatNeverAnswersGives503) {
  ServerConfig config;
  config.answer_timeout = 300ms;
  serve(config);
  RawClient client(port_);
  client.request("GET", "/never");
  EXPECT_EQ(client.response().status, 503);
  // The late answer finds nobody.
  const std::lock_guard lock(mutex_);
  kept_.at(0).respond(text(200, "late"));
}

TEST_F(ServerTest, ConnectionsAreBounded) {
  ServerConfig config;
  config.max_connections = 2;
  serve(config);
  RawClient first(port_);
  RawClient second(port_);
  first.request("GET", "/hello");
  second.request("GET", "/hello");
  EXPECT_EQ(first.response().status, 200);
  EXPECT_EQ(second.response().status, 200);
  RawClient third(port_);
  EXPECT_EQ(third.response().status, 503);
  EXPECT_EQ(stats().connections_refused, 1U);
  EXPECT_EQ(stats().connections_open, 2U);
}

TEST_F(ServerTest, SendsFilesWholeAndInRanges) {
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

TEST_F(ServerTest, AnEmptyFileAndAMissingOne) {
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

TEST_F(ServerTest, GeneratedBodiesAreChunkedAndCutWhenTheyFail) {
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

TEST_F(ServerTest, AClientThatStopsReadingIsClosed) {
  ServerConfig config;
  config.write_timeout = 400ms;
  serve(config);
  RawClient client(port_, 4096);
  client.request("GET", "/large");
  EXPECT_TRUE(eventually([this] { return stats().timeouts == 1; }));
  EXPECT_EQ(stats().connections_open, 0U);
}

TEST_F(ServerTest, StreamsInOrder) {
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

TEST_F(ServerTest, AStreamWhoseClientFallsBehindIsClosed) {
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

TEST_F(ServerTest, ALatestStreamKeepsOnlyTheNewestForASlowClient) {
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

TEST_F(ServerTest, AStuckStreamIsClosedByTheWriteTimeout) {
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

TEST_F(ServerTest, AnIdleStreamIsNotClosed) {
  ServerConfig config;
  config.write_timeout = 200ms;
  config.idle_timeout = 200ms;
  config.header_timeout = 200ms;
  serve(config);
  RawClient client(port_);
  client.request("GET", "/stream");
  const auto stream = stream_number(0);
  ASSERT_TRUE(stream);
  std::this_thread::sleep_for(800ms);  // many sweeps
  EXPECT_EQ(streams_closed_, 0);
}

TEST_F(ServerTest, AClientThatLeavesClosesItsStream) {
  serve();
  {
    RawClient client(port_);
    client.request("GET", "/stream");
    ASSERT_TRUE(stream_number(0));
  }
  EXPECT_TRUE(eventually([this] { return streams_closed_ == 1; }));
}

TEST_F(ServerTest, StopsWithClientsOfEveryKind) {
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

TEST_F(ServerTest, SaysWhyItCannotListen) {
  serve();
  ServerConfig taken;
  taken.port = port_;
  try {
    const Server second(loop_, taken, Router());
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("can't listen on 127.0.0.1:" + std::to_string(port_)));
    EXPECT_THAT(error.what(), HasSubstr("in use"));
  }
  ServerConfig nonsense;
  nonsense.host = "no.such.host.invalid";
  EXPECT_THROW(Server(loop_, nonsense, Router()), std::runtime_error);
}

}  // namespace
}  // namespace rearview::http
