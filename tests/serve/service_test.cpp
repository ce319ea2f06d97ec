#include "serve/service.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include "tests/http/raw_client.h"
#include "tests/serve/memory_history.h"
#include "tests/serve/web_socket_client.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::get;
using test::RawClient;
using test::RawResponse;
using test::WebSocketClient;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const std::string> jpeg(char fill, std::size_t bytes) {
  return std::make_shared<const std::string>("\xff\xd8" + std::string(bytes, fill) + "\xff\xd9");
}

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"rear", "left side"}) {
      CameraStatus& camera = status_.emplace_back();
      camera.name = name;
      camera.url = "tcp://rider:secret@camera.local:5000";
      camera.state = CameraState::live;
      camera.road = Road::clear;
      camera.width_px = 640;
      camera.height_px = 360;
      camera.fps_in = 29.97;
      camera.drops = {{"before_decode", 3}, {"quote\"d", 1}};
      camera.total = {18.25, 31.0};
    }
  }
  void TearDown() override { stop(); }

  void start(ServeConfig config = {}) {
    config.port = 0;
    service_.emplace(config, std::vector<std::string>{"rear", "left side"}, history_, [this] {
      const std::lock_guard lock(mutex_);
      return status_;
    });
    service_->start();
    port_ = service_->port();
  }
  void stop() { service_.reset(); }

  template <typename F>
  void change(F change_it) {
    const std::lock_guard lock(mutex_);
    change_it(status_[0]);
  }

  static AnalysisPtr analysis(std::uint64_t seq, Road road = Road::clear) {
    Analysis made;
    made.camera = "rear";
    made.seq = seq;
    made.road = road;
    made.time = WallClock::now();
    return std::make_shared<const Analysis>(made);
  }
  void analyse_both() {
    service_->publish_analysis(0, analysis(1));
    service_->publish_analysis(1, analysis(1));
  }

  Alert store(AlertKind kind = AlertKind::vehicle_approaching, std::string camera = "rear") {
    Alert alert;
    alert.camera = std::move(camera);
    alert.kind = kind;
    alert.time = WallClock::now();
    return history_.store(alert);
  }
  std::uint64_t raise() {
    const Alert stored = store();
    service_->publish_alert(std::make_shared<const Alert>(stored));
    return stored.id;
  }

  template <typename F>
  static bool eventually(F condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  /// Next event of a kind; its data.
  static std::optional<json> next_event(RawClient& client, const std::string& kind) {
    while (const auto block = client.read_until("\n\n")) {
      if (block->find("event: " + kind + "\n") == std::string::npos) continue;
      const std::size_t data = block->find("data: ");
      return json::parse(block->substr(data + 6));
    }
    return std::nullopt;
  }
  static void subscribe(RawClient& client, const std::string& query = {},
                        const std::string& headers = {}) {
    client.request("GET", "/api/v1/events" + query, headers);
    ASSERT_TRUE(client.read_until("retry: 1000\n\n"));
  }

  std::mutex mutex_;
  std::vector<CameraStatus> status_;
  test::MemoryHistory history_;
  std::optional<Service> service_;
  std::uint16_t port_ = 0;
};

TEST_F(ServiceTest, ListsCamerasWithoutTheirPasswords) {
  start();
  analyse_both();
  const RawResponse response = get(port_, "/api/v1/cameras");
  ASSERT_EQ(response.status, 200);
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  const json cameras = json::parse(response.body);
  ASSERT_EQ(cameras.size(), 2U);
  const json& rear = cameras[0];
  EXPECT_EQ(rear["name"], "rear");
  EXPECT_EQ(rear["url"], "tcp://***@camera.local:5000");
  EXPECT_EQ(rear["state"], "live");
  EXPECT_EQ(rear["resolution"], (json{{"width", 640}, {"height", 360}}));
  EXPECT_EQ(rear["fps_in"], 30.0);
  EXPECT_EQ(rear["drops"]["before_decode"], 3);
  EXPECT_EQ(rear["latency_ms"]["total"]["p95"], 31.0);
}

TEST_F(ServiceTest, ACameraWithoutAFreshAnalysisHasNoClearRoad) {
  ServeConfig config;
  config.stale_after_ms = 1500;
  start(config);
  EXPECT_EQ(json::parse(get(port_, "/api/v1/cameras").body)[0]["road"], "no_signal");
  service_->publish_analysis(0, analysis(1));
  EXPECT_EQ(json::parse(get(port_, "/api/v1/cameras").body)[0]["road"], "clear");
  EXPECT_TRUE(eventually([this] {
    return json::parse(get(port_, "/api/v1/cameras").body)[0]["road"] == "no_signal";
  }));
}

TEST_F(ServiceTest, GivesTheNewestAnalysisAndRefusesAnOldOne) {
  ServeConfig config;
  config.stale_after_ms = 1500;
  start(config);
  const std::string path = "/api/v1/cameras/rear/analysis";
  EXPECT_EQ(get(port_, path).status, 503);
  service_->publish_analysis(0, analysis(6));
  service_->publish_analysis(0, analysis(7));
  const RawResponse fresh = get(port_, path);
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(json::parse(fresh.body)["seq"], 7);
  EXPECT_TRUE(eventually([&] { return get(port_, path).status == 503; }));
  service_->publish_analysis(0, analysis(8, Road::no_signal));
  std::this_thread::sleep_for(1700ms);  // an old "no signal" stays true
  EXPECT_EQ(get(port_, path).status, 200);
}

TEST_F(ServiceTest, UnknownCamerasAre404) {
  start();
  for (const char* what : {"analysis", "snapshot.jpg", "stream.mjpg"})
    EXPECT_EQ(get(port_, std::string("/api/v1/cameras/front/") + what).status, 404) << what;
}

TEST_F(ServiceTest, WantsPicturesOnlyWhileSomebodyWatches) {
  start();
  EXPECT_FALSE(service_->wants_pictures(0));
  {
    RawClient viewer(port_);
    viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
    EXPECT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
    EXPECT_FALSE(service_->wants_pictures(1));
  }
  EXPECT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
}

TEST_F(ServiceTest, SendsEachBoundaryRightBehindItsPicture) {
  start();
  RawClient viewer(port_);
  viewer.request("GET", "/api/v1/cameras/left%20side/stream.mjpg");
  const auto head = viewer.read_until("\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_THAT(*head, HasSubstr("multipart/x-mixed-replace; boundary=rearview-frame"));
  EXPECT_EQ(viewer.read_until("\r\n"), "--rearview-frame\r\n");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(1); }));
  for (const char fill : {'a', 'b'}) {
    const auto picture = jpeg(fill, 1000);
    service_->publish_picture(1, picture);
    const auto header = viewer.read_until("\r\n\r\n");
    ASSERT_TRUE(header);
    EXPECT_THAT(*header, HasSubstr("Content-Length: 1004"));
    EXPECT_EQ(viewer.read_exactly(1004), *picture);
    // Without waiting for the next picture.
    EXPECT_EQ(viewer.read_until("--rearview-frame\r\n"), "\r\n--rearview-frame\r\n");
  }
}

TEST_F(ServiceTest, RepeatsTheLastPictureWhenThereIsNoNewOne) {
  start();
  RawClient viewer(port_);
  viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  service_->publish_picture(0, jpeg('r', 100));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(viewer.read_until("Content-Length: 104\r\n\r\n"));
    EXPECT_EQ(viewer.read_exactly(104), *jpeg('r', 100));
  }
}

TEST_F(ServiceTest, ANewViewerIsNeverShownAPictureFromBefore) {
  start();
  {
    RawClient viewer(port_);
    viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
    ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
    service_->publish_picture(0, jpeg('o', 100));
    ASSERT_TRUE(viewer.read_until("Content-Length: 104"));
  }
  ASSERT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
  RawClient later(port_);
  later.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  std::this_thread::sleep_for(1300ms);  // longer than the period of repeats
  service_->publish_picture(0, jpeg('n', 200));
  ASSERT_TRUE(later.read_until("Content-Length: "));
  EXPECT_EQ(later.read_until("\r\n"), "204\r\n");
}

TEST_F(ServiceTest, OneStuckViewerHoldsUpNobody) {
  start();
  RawClient stuck(port_, 4096);
  stuck.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  std::vector<std::unique_ptr<RawClient>> viewers;
  for (int i = 0; i < 30; ++i) {
    viewers.push_back(std::make_unique<RawClient>(port_));
    viewers.back()->request("GET", "/api/v1/cameras/rear/stream.mjpg");
    ASSERT_TRUE(viewers.back()->read_until("--rearview-frame\r\n"));
  }
  for (int i = 0; i < 60; ++i) {
    const std::size_t bytes = 30'000 + static_cast<std::size_t>(i);
    service_->publish_picture(0, jpeg('p', bytes));
    // Every viewer that reads gets every picture; the stuck one none of them late.
    for (const auto& viewer : viewers) {
      ASSERT_EQ(
          viewer->read_until("\r\n\r\n").value_or(""),
          "Content-Type: image/jpeg\r\nContent-Length: " + std::to_string(bytes + 4) + "\r\n\r\n");
      ASSERT_TRUE(viewer->read_until("\r\n--rearview-frame\r\n"));
    }
  }
  EXPECT_THAT(get(port_, "/metrics").body,
              Not(HasSubstr("rearview_http_pictures_replaced_total 0\n")));
}

TEST_F(ServiceTest, AStuckViewerIsClosedInTheEnd) {
  ServeConfig config;
  config.write_timeout_ms = 500;
  start(config);
  RawClient stuck(port_, 4096);
  stuck.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  EXPECT_TRUE(eventually([this] {
    service_->publish_picture(0, jpeg('s', 100'000));
    return !service_->wants_pictures(0);
  }));
}

TEST_F(ServiceTest, ASnapshotIsAPictureTakenAfterTheRequest) {
  start();
  RawClient client(port_);
  client.request("GET", "/api/v1/cameras/rear/snapshot.jpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  service_->publish_picture(0, jpeg('s', 500));
  const RawResponse response = client.response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(response.headers.at("cache-control"), "no-store");
  EXPECT_EQ(response.body, *jpeg('s', 500));
  EXPECT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
}

TEST_F(ServiceTest, ASnapshotWithoutPicturesIs503) {
  ServeConfig config;
  config.snapshot_wait_ms = 200;
  start(config);
  const RawResponse response = get(port_, "/api/v1/cameras/rear/snapshot.jpg");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("content-type"), "application/problem+json");
  EXPECT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
}

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
  using ::testing::ElementsAre;
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
          service_->publish_alert(std::make_shared<const Alert>(*alert));
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
  service_->publish_update({400, Keeping{.has_clip = true}});
  const Alert next = store();
  service_->publish_update({next.id, Keeping{.has_snapshot = true}});
  service_->publish_update({next.id, Keeping{.locked = true, .has_snapshot = true}});
  service_->publish_alert(std::make_shared<const Alert>(next));
  service_->publish_update({next.id, std::nullopt});
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
  config.cors_origins = {"https://home.example"};
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
  config.write_timeout_ms = 500;
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

TEST_F(ServiceTest, TellsTheStateOfEachCameraEverySecond) {
  ServeConfig config;
  config.stale_after_ms = 60'000;
  start(config);
  analyse_both();
  RawClient client(port_);
  subscribe(client);
  const auto first = next_event(client, "heartbeat");
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)["cameras"][0]["road"], "clear");
  change([](CameraStatus& camera) {
    camera.state = CameraState::stalled;
    camera.road = Road::no_signal;
    camera.text = "no picture for 2 s";
  });
  auto second = next_event(client, "heartbeat");
  while (second && (*second)["cameras"][0]["state"] == "live")  // said before the change
    second = next_event(client, "heartbeat");
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)["cameras"][0]["state"], "stalled");
  EXPECT_EQ((*second)["cameras"][0]["road"], "no_signal");
  EXPECT_EQ((*second)["cameras"][0]["text"], "no picture for 2 s");
}

TEST_F(ServiceTest, ReadinessNamesTheReason) {
  ServeConfig config;
  config.stale_after_ms = 60'000;
  start(config);
  EXPECT_EQ(get(port_, "/readyz").status, 503) << "nothing analysed yet";
  analyse_both();
  EXPECT_EQ(get(port_, "/readyz").status, 200);
  EXPECT_EQ(get(port_, "/healthz").status, 200);

  change([](CameraStatus& camera) {
    camera.state = CameraState::connecting;
    camera.text = "connection refused";
  });
  const RawResponse lost = get(port_, "/readyz");
  EXPECT_EQ(lost.status, 503);
  EXPECT_EQ(json::parse(lost.body)["reason"], "camera rear: connecting: connection refused");
  EXPECT_EQ(get(port_, "/healthz").status, 200) << "a camera that is away is no fault of ours";

  change([](CameraStatus& camera) {
    camera.state = CameraState::live;
    camera.analysis = AnalysisState::failed;
    camera.text = "stage onnx threw";
  });
  const RawResponse failed = get(port_, "/healthz");
  EXPECT_EQ(failed.status, 503);
  EXPECT_EQ(json::parse(failed.body)["reason"],
            "camera rear: the analysis has failed: stage onnx threw");
}

TEST_F(ServiceTest, MetricsAreWellFormed) {
  start();
  analyse_both();
  const RawResponse response = get(port_, "/metrics");
  EXPECT_EQ(response.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body,
              HasSubstr("rearview_drops_total{camera=\"rear\",reason=\"before_decode\"} 3\n"));
  EXPECT_THAT(response.body, HasSubstr("reason=\"quote\\\"d\"} 1\n"));
  EXPECT_THAT(response.body,
              HasSubstr("rearview_camera_state{camera=\"rear\",state=\"live\"} 1\n"));
  EXPECT_THAT(
      response.body,
      HasSubstr(
          "rearview_latency_seconds{camera=\"rear\",step=\"total\",quantile=\"0.95\"} 0.031\n"));
  // Each family is announced once, before its samples.
  std::set<std::string> announced;
  std::istringstream lines(response.body);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("# TYPE ")) {
      const std::string name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(announced.insert(name).second) << name;
      const std::string type = line.substr(line.rfind(' ') + 1);
      EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
    } else if (!line.starts_with("#")) {
      EXPECT_TRUE(announced.contains(line.substr(0, line.find_first_of("{ ")))) << line;
    }
  }
}

TEST_F(ServiceTest, ThePageIsSelfContainedAndGuarded) {
  start();
  const RawResponse page = get(port_, "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(page.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.headers.at("cross-origin-resource-policy"), "same-origin");
  EXPECT_FALSE(page.headers.contains("access-control-allow-origin"));
  const RawResponse script = get(port_, "/app.js");
  EXPECT_EQ(script.headers.at("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(get(port_, "/app.js", "If-None-Match: " + script.headers.at("etag") + "\r\n").status,
            304);
  for (const char* file : {"/style.css", "/icon.svg", "/words.js"})
    EXPECT_EQ(get(port_, file).status, 200) << file;
}

TEST_F(ServiceTest, OnlyNamedOriginsMayRead) {
  ServeConfig config;
  config.cors_origins = {"https://home.example"};
  start(config);
  EXPECT_EQ(get(port_, "/api/v1/cameras", "Origin: https://home.example\r\n")
                .headers.at("access-control-allow-origin"),
            "https://home.example");
  EXPECT_FALSE(get(port_, "/api/v1/cameras", "Origin: https://evil.example\r\n")
                   .headers.contains("access-control-allow-origin"));
}

TEST_F(ServiceTest, PublishingAfterStopIsHarmless) {
  start();
  RawClient viewer(port_);
  viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  service_->stop();
  service_->publish_picture(0, jpeg('x', 10));
  service_->publish_analysis(0, analysis(1));
  raise();
  EXPECT_TRUE(viewer.closed_by_server());
}

TEST(ServeConfig, RefusesWhatIsOutOfRange) {
  const auto read = [](const json& value) {
    ServeConfig config;
    ConfigReader reader(value, "test.json", "/serve");
    config.read(reader);
    reader.finish();
    return config;
  };
  EXPECT_EQ(read({{"host", "0.0.0.0"}, {"port", 80}}).port, 80);
  EXPECT_THROW(read({{"port", 70000}}), std::runtime_error);
  EXPECT_THROW(read({{"prot", 80}}), std::runtime_error);
  EXPECT_THROW(read({{"allowed_hosts", "one"}}), std::runtime_error);
}

}  // namespace
}  // namespace rearview
