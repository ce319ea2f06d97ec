#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "serve/service.h"
#include "tests/http/raw_client.h"
#include "tests/serve/memory_history.h"
#include "tests/support/eventually.h"
#include "tests/support/standing_clock.h"

namespace rearview::test {

/// Begins and ends like a JPEG.
inline std::shared_ptr<const std::string> jpeg(char fill, std::size_t bytes) {
  return std::make_shared<const std::string>("\xff\xd8" + std::string(bytes, fill) + "\xff\xd9");
}

/// A service with two cameras on a free port, and what its tests ask of it.
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

  void start(ServeConfig config = {}, Now now = SteadyClock::now) {
    config.site.port = 0;
    service_.emplace(
        config, std::vector<std::string>{"rear", "left side"}, history_,
        [this] {
          const std::lock_guard lock(mutex_);
          return status_;
        },
        std::move(now));
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

  KeptAlert store(AlertKind kind = AlertKind::vehicle_approaching, std::string camera = "rear") {
    Alert alert;
    alert.camera = std::move(camera);
    alert.kind = kind;
    alert.time = WallClock::now();
    return history_.store(alert);
  }
  std::uint64_t raise() {
    const KeptAlert stored = store();
    service_->publish_alert(std::make_shared<const KeptAlert>(stored));
    return stored.id;
  }

  /// Next event of a kind; its data.
  static std::optional<nlohmann::json> next_event(RawClient& client, const std::string& kind) {
    while (const auto block = client.read_until("\n\n")) {
      if (block->find("event: " + kind + "\n") == std::string::npos) continue;
      const std::size_t data = block->find("data: ");
      return nlohmann::json::parse(block->substr(data + 6));
    }
    return std::nullopt;
  }
  static void subscribe(RawClient& client, const std::string& query = {},
                        const std::string& headers = {}) {
    client.request("GET", "/api/v1/events" + query, headers);
    ASSERT_TRUE(client.read_until("retry: 1000\n\n"));
  }

  StandingClock clock_;  ///< for those who give it to start()
  std::mutex mutex_;
  std::vector<CameraStatus> status_;
  MemoryHistory history_;
  std::optional<Service> service_;
  std::uint16_t port_ = 0;
};

}  // namespace rearview::test
