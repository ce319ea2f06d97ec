#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/serve/service_fixture.h"
#include "tests/serve/web_socket_client.h"

namespace rearview::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ServiceTest, GivesAlertsOldestFirstAndFiltered) {
  start();
  store();
  store(AlertKind::overtake);
  store(AlertKind::overtake, "left side");
  const auto ids = [this](const std::string& query) {
    const RawResponse response = get(port_, "/api/v1/alerts" + query);
    EXPECT_EQ(response.status, 200) << query;
    std::vector<int> found;
    for (const json& alert : json::parse(response.body)) found.push_back(alert["id"]);
    return found;
  };
  EXPECT_THAT(ids(""), ElementsAre(1, 2, 3));
  EXPECT_THAT(ids("?after=1"), ElementsAre(2, 3));
  EXPECT_THAT(ids("?limit=1"), ElementsAre(1));
  EXPECT_THAT(ids("?kind=overtake&camera=left%20side"), ElementsAre(3));
  EXPECT_THAT(ids("?after=99"), ElementsAre());
  EXPECT_EQ(json::parse(get(port_, "/api/v1/alerts/2").body)["kind"], "overtake");
}

TEST_F(ServiceTest, RefusesWhatItDoesNotUnderstand) {
  start();
  for (const char* path :
       {"/api/v1/alerts?after=-1", "/api/v1/alerts?after=x",
        "/api/v1/alerts?after=", "/api/v1/alerts?limit=0", "/api/v1/alerts?limit=1001",
        "/api/v1/alerts?kind=meteor", "/api/v1/alerts?afer=3", "/api/v1/alerts?after=1&after=2",
        "/api/v1/alerts?after=9223372036854775808", "/api/v1/alerts/x", "/api/v1/alerts/0",
        "/api/v1/alerts/-1", "/api/v1/events?after=x", "/api/v1/events?analysis=yes",
        "/api/v1/events?x=1", "/api/v1/cameras?x=1"}) {
    const RawResponse response = get(port_, path);
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_EQ(response.headers.at("content-type"), "application/problem+json") << path;
    EXPECT_FALSE(json::parse(response.body)["detail"].get<std::string>().empty()) << path;
  }
  EXPECT_EQ(get(port_, "/api/v1/events", "Last-Event-ID: x\r\n").status, 400);
  EXPECT_EQ(get(port_, "/api/v1/alerts/99").status, 404);
  RawClient client(port_);
  client.request("POST", "/api/v1/alerts");
  EXPECT_EQ(client.response().status, 405);
}

TEST_F(ServiceTest, StreamsAlertsWithTheirIds) {
  start();
  store();  // before: not for those who don't ask
  stop();
  start();
  RawClient client(port_);
  subscribe(client);
  raise();
  const auto block = client.read_until("\n\n");
  ASSERT_TRUE(block);
  EXPECT_THAT(*block,
              ::testing::StartsWith("id: 2\nevent: alert\ndata: {\"type\":\"alert\",\"id\":2,"));
}

TEST_F(ServiceTest, ResumesByHeaderAndByQuery) {
  for (int i = 0; i < 500; ++i) store();  // more than one page of history
  start();
  RawClient by_query(port_);
  subscribe(by_query, "?after=0");
  RawClient by_header(port_);
  subscribe(by_header, "?after=0", "Last-Event-ID: 250\r\n");
  for (int id = 1; id <= 500; ++id) EXPECT_EQ((*next_event(by_query, "alert"))["id"], id);
  for (int id = 251; id <= 500; ++id) EXPECT_EQ((*next_event(by_header, "alert"))["id"], id);
  raise();
  EXPECT_EQ((*next_event(by_query, "alert"))["id"], 501);
  EXPECT_EQ((*next_event(by_header, "alert"))["id"], 501);
}

TEST_F(ServiceTest, AnIdFromTheFutureMeansNewAlertsOnly) {
  store();
  start();
  RawClient client(port_);
  subscribe(client, {}, "Last-Event-ID: 1000\r\n");
  EXPECT_EQ(raise(), 2U);
  EXPECT_EQ((*next_event(client, "alert"))["id"], 2);
}

TEST_F(ServiceTest, NoGapAndNoRepeatBetweenHistoryAndLive) {
  for (int i = 0; i < 300; ++i) store();
  start();
  std::atomic<bool> stop_raising = false;
  std::mutex raising;
  std::vector<std::jthread> publishers;
  for (int i = 0; i < 2; ++i) {
    publishers.emplace_back([&] {
      while (!stop_raising) {
        {
          const std::lock_guard lock(raising);
          if (history_.newest_id() >= 3000) return;
          store();
        }
        // Two threads that store in order and publish in any.
        const auto newest = history_.newest_id();
        if (const auto alert = history_.alert(newest))
          service_->publish_alert(std::make_shared<const KeptAlert>(*alert));
        std::this_thread::sleep_for(100us);
      }
    });
  }
  int after = 0;
  for (int round = 0; round < 20; ++round) {
    RawClient client(port_);
    subscribe(client, "?after=" + std::to_string(after));
    for (int i = 0; i < 40; ++i) {
      const auto alert = next_event(client, "alert");
      ASSERT_TRUE(alert);
      ASSERT_EQ((*alert)["id"], after + 1);
      ++after;
    }
  }
  stop_raising = true;
}

TEST_F(ServiceTest, TellsWhatBecameOfAnAlertBehindTheAlert) {
  for (int i = 0; i < 500; ++i) store();
  start();
  RawClient live(port_);
  subscribe(live);
  RawClient catching_up(port_);
  subscribe(catching_up, "?after=0");
  // While the history is being read for the one, and before the other was sent what it is about.
  service_->publish_update({400, false, {.has_clip = true}});
  const KeptAlert next = store();
  service_->publish_update({next.id, false, {.has_snapshot = true}});
  service_->publish_update({next.id, false, {.locked = true, .has_snapshot = true}});
  service_->publish_alert(std::make_shared<const KeptAlert>(next));
  service_->publish_update({.id = next.id, .deleted = true});
  for (auto* client : {&live, &catching_up}) {
    std::vector<std::string> heard;
    while (heard.empty() || heard.back() != "501 deleted") {
      const auto block = client->read_until("\n\n");
      ASSERT_TRUE(block);
      const auto message = json::parse(block->substr(block->find("data: ") + 6));
      if (message["type"] == "heartbeat" || message["id"] < 400) continue;
      const bool update = message["type"] == "alert_update";
      EXPECT_EQ(block->substr(0, 4) == "id: ", !update) << "only alerts can be resumed behind";
      heard.push_back(message["id"].dump() + (!update              ? ""
                                              : message["deleted"] ? " deleted"
                                              : message["locked"]  ? " locked"
                                                                   : " kept"));
    }
    if (client == &live) {
      EXPECT_THAT(heard, ElementsAre("400 kept", "501", "501 locked", "501 deleted"));
      continue;
    }
    const auto place = [&heard](const char* what) {
      return std::find(heard.begin(), heard.end(), what) - heard.begin();
    };
    EXPECT_LT(place("400"), place("400 kept"));
    EXPECT_LT(place("500"), place("501"));
    EXPECT_LT(place("501"), place("501 deleted"));
    EXPECT_EQ(std::count(heard.begin(), heard.end(), "400 kept"), 1);
  }
}

TEST_F(ServiceTest, SendsAnalysesToThoseWhoWantThem) {
  start();
  RawClient with(port_);
  subscribe(with, "?analysis=1");
  RawClient without(port_);
  subscribe(without);
  service_->publish_analysis(0, analysis(5, Road::danger));
  const auto seen = next_event(with, "analysis");
  ASSERT_TRUE(seen);
  EXPECT_EQ((*seen)["seq"], 5);
  EXPECT_EQ((*seen)["road"], "danger");
  raise();
  const auto block = without.read_until("\n\n");
  ASSERT_TRUE(block);
  EXPECT_THAT(*block, Not(HasSubstr("event: analysis")));
}

TEST_F(ServiceTest, ASubscriberGetsTheNewestAnalysisAtOnce) {
  start();
  service_->publish_analysis(0, analysis(9));
  RawClient client(port_);
  subscribe(client, "?analysis=1");
  EXPECT_EQ((*next_event(client, "analysis"))["seq"], 9);
}

TEST_F(ServiceTest, NoAnalysisIsSentTwiceWhenAnotherComesDuringItsDelivery) {
  start();
  RawClient client(port_);
  subscribe(client, "?analysis=1");
  std::uint64_t seen = 0;
  for (std::uint64_t newest = 2; newest <= 12'000; newest += 2) {
    service_->publish_analysis(0, analysis(newest - 1));
    // Somewhere in the delivery of the one before.
    const auto then = std::chrono::steady_clock::now() + newest % 100 * 1us;
    while (std::chrono::steady_clock::now() < then) {
    }
    service_->publish_analysis(0, analysis(newest));
    while (seen < newest) {
      const auto event = next_event(client, "analysis");
      ASSERT_TRUE(event);
      ASSERT_GT((*event)["seq"].get<std::uint64_t>(), seen);
      seen = (*event)["seq"];
    }
  }
}

TEST_F(ServiceTest, ASlowSubscriberIsSentTheNewestAnalysisNotAllOfThem) {
  start();
  RawClient slow(port_, 4096);
  subscribe(slow, "?analysis=1");
  constexpr std::uint64_t kMost = 20'000;
  for (std::uint64_t seq = 1; seq <= kMost; ++seq) service_->publish_analysis(0, analysis(seq));
  std::uint64_t events = 0;
  std::uint64_t seq = 0;
  while (seq < kMost) {
    const auto event = next_event(slow, "analysis");
    ASSERT_TRUE(event);
    const std::uint64_t next = (*event)["seq"];
    ASSERT_GT(next, seq) << "never back in time";
    seq = next;
    ++events;
  }
  EXPECT_LT(events, kMost);
}

TEST_F(ServiceTest, AWebSocketCarriesTheSameMessagesAndResumes) {
  for (int i = 0; i < 300; ++i) store();
  start();
  service_->publish_analysis(0, analysis(3, Road::danger));
  WebSocketClient client(port_);
  const std::string head = client.shake_hands("/api/v1/ws?after=250&analysis=1");
  EXPECT_THAT(head, ::testing::StartsWith("HTTP/1.1 101 "));
  // The answer to the key that RFC 6455 itself gives as its example.
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  EXPECT_EQ((*client.next("analysis"))["road"], "danger");
  for (int id = 251; id <= 300; ++id) EXPECT_EQ((*client.next("alert"))["id"], id);
  raise();
  EXPECT_EQ((*client.next("alert"))["id"], 301);
  EXPECT_EQ((*client.next("heartbeat"))["newest_alert_id"], 301);
}

TEST_F(ServiceTest, AWebSocketAnswersPingsAndCloses) {
  start();
  WebSocketClient client(port_);
  client.shake_hands();
  ASSERT_TRUE(client.send(9, "still there?"));
  auto frame = client.read();
  while (frame && frame->opcode == 1) frame = client.read();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->opcode, 10);
  EXPECT_EQ(frame->payload, "still there?");
  ASSERT_TRUE(client.send(1, "a client may talk; nobody listens"));
  ASSERT_TRUE(client.send(8, "\x03\xe8"));
  frame = client.read();
  while (frame && frame->opcode == 1) frame = client.read();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->opcode, 8);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServiceTest, AWebSocketIsForOurOwnPagesOnly) {
  ServeConfig config;
  config.site.cors_origins = {"https://home.example"};
  start(config);
  const auto status = [this](const std::string& headers) {
    return WebSocketClient(port_).shake_hands("/api/v1/ws", headers).substr(9, 3);
  };
  EXPECT_EQ(status("Origin: http://localhost\r\n"), "101");
  EXPECT_EQ(status("Origin: https://home.example\r\n"), "101");
  EXPECT_EQ(status("Origin: https://evil.example\r\n"), "403");
  EXPECT_EQ(status("Origin: null\r\n"), "403");
  EXPECT_EQ(WebSocketClient(port_).shake_hands("/api/v1/ws?after=x").substr(9, 3), "400");
  const RawResponse plain = get(port_, "/api/v1/ws");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.headers.at("upgrade"), "websocket");
}

TEST_F(ServiceTest, AStuckWebSocketIsClosed) {
  ServeConfig config;
  config.site.write_timeout_ms = 500;
  start(config);
  WebSocketClient stuck(port_, 4096);
  stuck.shake_hands("/api/v1/ws?analysis=1");
  const auto closed = [this] {
    return get(port_, "/metrics").body.find("rearview_event_subscribers 0\n") != std::string::npos;
  };
  ASSERT_FALSE(closed());
  std::uint64_t seq = 0;
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < 100; ++i) service_->publish_analysis(0, analysis(++seq));
    return closed();
  }));
}

}  // namespace
}  // namespace rearview::test
