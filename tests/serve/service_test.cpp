#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "tests/serve/service_fixture.h"

namespace rearview::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

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
  start(config, clock_.now());
  EXPECT_EQ(json::parse(get(port_, "/api/v1/cameras").body)[0]["road"], "no_signal");
  service_->publish_analysis(0, analysis(1));
  clock_.advance(1500ms);
  EXPECT_EQ(json::parse(get(port_, "/api/v1/cameras").body)[0]["road"], "clear");
  clock_.advance(1ms);
  EXPECT_EQ(json::parse(get(port_, "/api/v1/cameras").body)[0]["road"], "no_signal");
}

TEST_F(ServiceTest, GivesTheNewestAnalysisAndRefusesAnOldOne) {
  ServeConfig config;
  config.stale_after_ms = 1500;
  start(config, clock_.now());
  const std::string path = "/api/v1/cameras/rear/analysis";
  EXPECT_EQ(get(port_, path).status, 503);
  service_->publish_analysis(0, analysis(6));
  service_->publish_analysis(0, analysis(7));
  clock_.advance(1500ms);
  const RawResponse fresh = get(port_, path);
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(json::parse(fresh.body)["seq"], 7);
  clock_.advance(1ms);
  EXPECT_EQ(get(port_, path).status, 503);
  service_->publish_analysis(0, analysis(8, Road::no_signal));
  service_->publish_analysis(1, analysis(8));
  clock_.advance(1501ms);
  EXPECT_EQ(get(port_, "/api/v1/cameras/left%20side/analysis").status, 503);
  EXPECT_EQ(get(port_, path).status, 200) << "an old \"no signal\" stays true";
}

TEST_F(ServiceTest, UnknownCamerasAre404) {
  start();
  for (const char* what : {"analysis", "snapshot.jpg", "stream.mjpg"})
    EXPECT_EQ(get(port_, std::string("/api/v1/cameras/front/") + what).status, 404) << what;
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
  config.site.cors_origins = {"https://home.example"};
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
    read_settings(reader, config);
    reader.finish();
    return config;
  };
  EXPECT_EQ(read({{"host", "0.0.0.0"}, {"port", 80}}).site.port, 80);
  EXPECT_THROW(read({{"port", 70000}}), std::runtime_error);
  EXPECT_THROW(read({{"prot", 80}}), std::runtime_error);
  EXPECT_THROW(read({{"allowed_hosts", "one"}}), std::runtime_error);
}

}  // namespace
}  // namespace rearview::test
