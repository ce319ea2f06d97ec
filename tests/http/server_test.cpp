#include <gmock/gmock.h>

#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/http/server_fixture.h"

namespace rearview::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Over, ServerTest, ::testing::Values(Transport::plain, Transport::tls),
                         [](const auto& one) {
                           return one.param == Transport::tls ? "tls" : "plain";
                         });

TEST_P(ServerTest, AnswersAndKeepsTheConnection) {
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

TEST_P(ServerTest, AnswersPipelinedRequestsInOrder) {
  serve();
  RawClient client(port_);
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += "GET /query?q=" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.response().body, std::to_string(i));
}

TEST_P(ServerTest, ClosesWhenAskedTo) {
  serve();
  RawClient client(port_);
  ASSERT_TRUE(client.request("GET", "/hello", "Connection: close\r\n"));
  const RawResponse response = client.response();
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_P(ServerTest, Http10ClosesUnlessKeptAlive) {
  serve();
  RawClient client(port_);
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(client.response().headers.at("connection"), "keep-alive");
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(client.response().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_P(ServerTest, RoutesWithDecodedParameters) {
  serve();
  EXPECT_EQ(get(port_, "/cameras/rear/state").body, "rear");
  EXPECT_EQ(get(port_, "/cameras/rear%20one/state").body, "rear one");
  EXPECT_EQ(get(port_, "/cameras/a%2Fb/state").body, "a/b");
  EXPECT_EQ(get(port_, "/cameras//state").status, 404);
  EXPECT_EQ(get(port_, "/cameras/a/b/state").status, 404);
}

TEST_P(ServerTest, HeadGivesTheHeaderOnly) {
  serve();
  RawClient client(port_);
  for (const char* path : {"/hello", "/pieces"}) {
    ASSERT_TRUE(client.request("HEAD", path));
    EXPECT_EQ(client.response(true).status, 200);
  }
  ASSERT_TRUE(client.request("GET", "/hello"));
  EXPECT_EQ(client.response().body, "hello");
}

TEST_P(ServerTest, UnknownPathIs404AndWrongMethodIs405) {
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

TEST_P(ServerTest, ErrorFormatAndFallbackAreHooks) {
  Router router;
  router.fallback([](const Request& request, const std::string&) {
    return text(501, "Unknown " + request.method + " request");
  });
  router.get("/bad", [](const Request&) -> Response { throw HttpError(400, "plainly bad"); });
  loop_.start();
  server_.emplace(loop_, over_transport(), std::move(router), plain_error);
  server_->start();
  port_ = server_->port();
  EXPECT_EQ(get(port_, "/bad").body, "plainly bad");
  EXPECT_EQ(get(port_, "/what").body, "Unknown GET request");
  EXPECT_EQ(get(port_, "/what").status, 501);
}

TEST_P(ServerTest, HandlerErrorsBecomeStatuses) {
  serve();
  EXPECT_EQ(get(port_, "/teapot").status, 409);
  const RawResponse broken = get(port_, "/broken");
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.body.find("secret"), std::string::npos);
  EXPECT_EQ(get(port_, "/forgotten").status, 503);
  EXPECT_EQ(get(port_, "/work").body, "worked");
}

TEST_P(ServerTest, MalformedRequestsAre400) {
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

TEST_P(ServerTest, ForeignHostNameIs421) {
  serve();
  RawClient client(port_);
  client.send("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.response().status, 421);
}

TEST_P(ServerTest, SizesAreBounded) {
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

TEST_P(ServerTest, SaysContinueToThoseWhoWait) {
  serve();
  RawClient client(port_);
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\n");
  ASSERT_TRUE(client.read_until("100 Continue\r\n\r\n"));
  client.send("body");
  EXPECT_EQ(client.response().body, "body");
}

TEST_P(ServerTest, SlowRequestsAreAnswered408AndIdleOnesClosed) {
  ServerConfig config;
  config.now = clock_.now();
  serve(config);
  RawClient slow(port_);
  slow.send("GET /hello HTTP/1.1\r\nHo");
  EXPECT_TRUE(hears_in_time(slow));
  EXPECT_EQ(slow.response().status, 408);
  EXPECT_TRUE(slow.closed_by_server());
  RawClient slow_body(port_);
  slow_body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(hears_in_time(slow_body));
  EXPECT_EQ(slow_body.response().status, 408);
  RawClient silent(port_);
  EXPECT_TRUE(hears_in_time(silent));
  EXPECT_TRUE(silent.closed_by_server());
  RawClient idle(port_);
  idle.request("GET", "/hello");
  EXPECT_EQ(idle.response().status, 200);
  EXPECT_TRUE(hears_in_time(idle));
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_EQ(stats().timeouts, 2U);
}

TEST_P(ServerTest, ATrickledHeaderGetsNoMoreTimeThanAnother) {
  ServerConfig config;
  config.header_timeout = 500ms;
  config.now = clock_.now();
  serve(config);
  RawClient client(port_);
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n");
  EXPECT_TRUE(eventually([&] {
    client.send("X: y\r\n");
    clock_.advance(50ms);
    return client.hears_within(20ms);
  }));
  EXPECT_EQ(client.response().status, 408);
}

TEST_P(ServerTest, AHandlerThatNeverAnswersGives503) {
  ServerConfig config;
  config.now = clock_.now();
  serve(config);
  RawClient client(port_);
  client.request("GET", "/never");
  EXPECT_TRUE(hears_in_time(client));
  EXPECT_EQ(client.response().status, 503);
  // The late answer finds nobody.
  const std::lock_guard lock(mutex_);
  kept_.at(0).respond(text(200, "late"));
}

TEST_P(ServerTest, ConnectionsAreBounded) {
  ServerConfig config;
  config.max_connections = 2;
  serve(config);
  RawClient first(port_);
  RawClient second(port_);
  first.request("GET", "/never");
  second.request("GET", "/never");
  ASSERT_TRUE(eventually([this] {
    const std::lock_guard lock(mutex_);
    return kept_.size() == 2;
  }));
  RawClient third(port_, 0, Transport::plain);
  EXPECT_EQ(third.response().status, 503);
  EXPECT_EQ(stats().connections_refused, 1U);
  EXPECT_EQ(stats().connections_open, 2U);
}

TEST_P(ServerTest, SaysWhyItCannotListen) {
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
