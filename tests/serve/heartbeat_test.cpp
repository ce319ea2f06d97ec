#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "serve/service.h"
#include "tests/http/raw_client.h"
#include "tests/serve/memory_history.h"
#include "tests/support/standing_clock.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A service with one camera, and what it says to those who take every heartbeat.
class HeartbeatTest : public ::testing::Test {
 protected:
  HeartbeatTest()
      : service_(
            config(), {"rear"}, history_,
            [this] {
              const std::lock_guard lock(mutex_);
              return std::vector{status_};
            },
            clock_.now()) {
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
    config.site.port = 0;
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

  /// Waits for a heartbeat that wanted() takes; false when none ever comes.
  template <typename F>
  bool until(F wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(
        lock, 60s, [&] { return !beats_.empty() && wanted(beats_.back()->cameras.front()); });
  }
  std::size_t beats() {
    const std::lock_guard lock(mutex_);
    return beats_.size();
  }

  test::StandingClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  CameraStatus status_;
  std::vector<HeartbeatPtr> beats_;
  test::MemoryHistory history_;
  Service service_;
};

TEST_F(HeartbeatTest, ARoadJudgedAnewIsToldBeforeTheSecondIsOver) {
  service_.start();
  // The clock stands, so that no second is ever over.
  const std::pair<Road, int> changes[]{{Road::clear, 0},
                                       {Road::approaching, 1},
                                       {Road::danger, 2},
                                       {Road::blind, 0},
                                       {Road::no_signal, 0}};
  for (const auto& [road, threat] : changes) {
    judge(road, threat);
    ASSERT_TRUE(until([road](const RoadReport& one) { return one.road == road; }));
  }
  EXPECT_EQ(beats(), std::size(changes)) << "one for each and no others";
}

TEST_F(HeartbeatTest, ComesEverySecond) {
  service_.start();
  for (std::size_t second = 1; second <= 5; ++second) {
    clock_.advance(999ms);
    ASSERT_TRUE(clock_.seen(4)) << "by the heartbeat's timer, and by the server's";
    EXPECT_EQ(beats(), second - 1);
    clock_.advance(1ms);
    ASSERT_TRUE(test::eventually([&] { return beats() == second; }));
  }
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
    service_.publish_alert(std::make_shared<const KeptAlert>(history_.store(alert)));
  }
  clock_.advance(1s);
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
