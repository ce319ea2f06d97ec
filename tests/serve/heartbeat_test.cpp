#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "serve/service.h"
#include "tests/http/raw_client.h"
#include "tests/serve/memory_history.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A service with one camera, and what it says to those who take every heartbeat.
class HeartbeatTest : public ::testing::Test {
 protected:
  HeartbeatTest()
      : service_(config(), {"rear"}, history_, [this] {
          const std::lock_guard lock(mutex_);
          return std::vector{status_};
        }) {
    status_.name = "rear";
    status_.state = CameraState::live;
    service_.on_heartbeat([this](HeartbeatPtr beat) {
      const std::lock_guard lock(mutex_);
      beats_.push_back(std::move(beat));
      changed_.notify_all();
    });
  }
  ~HeartbeatTest() override { service_.stop(); }

  static ServeConfig config() {
    ServeConfig config;
    config.port = 0;
    return config;
  }

  void judge(Road road, int threat, AnalysisState state = AnalysisState::ok) {
    Analysis analysis;
    analysis.camera = "rear";
    analysis.road = road;
    analysis.state = state;
    Track track;
    track.threat = threat;
    analysis.tracks = {track, Track()};
    {
      const std::lock_guard lock(mutex_);
      status_.road = road;
      status_.analysis = state;
    }
    service_.publish_analysis(0, std::make_shared<const Analysis>(analysis));
  }

  /// Waits for a heartbeat that wanted() takes, and says how long it took; nullopt after 5 s.
  template <typename F>
  std::optional<double> until(F wanted) {
    const SteadyTime start = SteadyClock::now();
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(
        lock, 5s, [&] { return !beats_.empty() && wanted(beats_.back()->cameras.front()); });
    if (!came) return std::nullopt;
    return seconds_between(start, SteadyClock::now());
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  CameraStatus status_;
  std::vector<HeartbeatPtr> beats_;
  test::MemoryHistory history_;
  Service service_;
};

TEST_F(HeartbeatTest, ARoadJudgedAnewIsToldBeforeTheSecondIsOver) {
  service_.start();
  judge(Road::clear, 0);
  ASSERT_TRUE(until([](const RoadReport& one) { return one.road == Road::clear; }));
  // Four changes in a row cannot all fall on the heartbeat of the second.
  const std::pair<Road, int> changes[]{
      {Road::approaching, 1}, {Road::danger, 2}, {Road::blind, 0}, {Road::no_signal, 0}};
  double longest_s = 0;
  for (const auto& [road, threat] : changes) {
    judge(road, threat);
    const auto took = until([road](const RoadReport& one) { return one.road == road; });
    ASSERT_TRUE(took);
    longest_s = std::max(longest_s, *took);
  }
  EXPECT_LT(longest_s, 0.9);
}

TEST_F(HeartbeatTest, NobodyKnowsTheThreatWhileNobodySees) {
  service_.start();
  judge(Road::danger, 2);
  ASSERT_TRUE(until([](const RoadReport& one) { return one.threat == 2 && one.vehicles == 2; }));
  judge(Road::clear, 0, AnalysisState::failed);
  ASSERT_TRUE(until([](const RoadReport& one) {
    return one.road == Road::no_signal && !one.threat && !one.vehicles;
  }));
}

TEST_F(HeartbeatTest, CountsThePasses) {
  service_.start();
  for (const AlertKind kind :
       {AlertKind::overtake, AlertKind::close_pass, AlertKind::vehicle_approaching}) {
    Alert alert;
    alert.camera = "rear";
    alert.kind = kind;
    service_.publish_alert(std::make_shared<const Alert>(history_.store(alert)));
  }
  EXPECT_TRUE(
      until([](const RoadReport& one) { return one.passes == 2 && one.close_passes == 1; }));
}

TEST_F(HeartbeatTest, MetricsOfOtherRoomsAreShown) {
  service_.add_metrics([] {
    return std::vector<Metric>{{"rearview_a_total", "counter", "As.", {{"of", "x\"y"}}, 3},
                               {"rearview_a_total", "counter", "As.", {{"of", "z"}}, 4},
                               {"rearview_b", "gauge", "Bs.", {}, 0.5}};
  });
  service_.start();
  EXPECT_THAT(test::get(service_.port(), "/metrics").body,
              HasSubstr("# HELP rearview_a_total As.\n# TYPE rearview_a_total counter\n"
                        "rearview_a_total{of=\"x\\\"y\"} 3\nrearview_a_total{of=\"z\"} 4\n"
                        "# HELP rearview_b Bs.\n# TYPE rearview_b gauge\nrearview_b 0.5\n"));
}

}  // namespace
}  // namespace rearview
