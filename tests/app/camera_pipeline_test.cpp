#include "app/camera_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <opencv2/core.hpp>
#include <optional>
#include <stdexcept>

#include "tests/support/eventually.h"
#include "tests/support/fake_camera.h"
#include "tests/support/stage_harness.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using test::FakeCamera;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::chrono::seconds kDeadline(60);  // ends what would never end

using Script = test::GivenStage::Act;

/// What a pipeline told.
struct Told {
  std::vector<AnalysisPtr> analyses;
  std::vector<Alert> alerts;
  std::vector<Annotated> seen_by_alert;
  std::vector<Road> road_at_alert;  ///< as last told
  std::vector<LiveAccessUnitPtr> access_units;
  std::vector<cv::Mat> pictures;
  std::vector<std::string> failures;
};

/// Everything a pipeline told, and waiting for it. Only what wait() calls may look at it directly.
class Listener : public Told, public CameraListener {
 public:
  void analysis(std::size_t, const AnalysisPtr& analysis) override {
    break_once(analysis_breaks);
    note([&] { analyses.push_back(analysis); });
  }
  void alert(std::size_t, const AlertPtr& alert, const Annotated& seen) override {
    note([&] {
      alerts.push_back(*alert), seen_by_alert.push_back(seen);
      road_at_alert.push_back(analyses.empty() ? Road::no_signal : analyses.back()->road);
    });
  }
  void access_unit(std::size_t, const LiveAccessUnitPtr& unit) override {
    break_once(access_unit_breaks);
    note([&] { access_units.push_back(unit); });
  }
  bool wants_picture(std::size_t) const override { return wants_pictures.load(); }
  void picture(std::size_t, const DrawnPicture& picture) override {
    break_once(picture_breaks);
    note([&] { pictures.push_back(picture.bgr()); });
  }
  void failed(const std::string& reason) {
    note([&] { failures.push_back(reason); });
  }
  Told so_far() {
    const std::lock_guard lock(mutex);
    return *this;
  }
  bool wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kDeadline, condition);
  }
  bool wait_for_road(Road road) {
    return wait([this, road] { return !analyses.empty() && analyses.back()->road == road; });
  }
  bool wait_for_alert(AlertKind kind) {
    return wait([this, kind] {
      return std::any_of(alerts.begin(), alerts.end(),
                         [kind](const Alert& a) { return a.kind == kind; });
    });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> wants_pictures = false;
  std::atomic<bool> analysis_breaks = false;
  std::atomic<bool> access_unit_breaks = false;
  std::atomic<bool> picture_breaks = false;

 private:
  /// As a large picture may on a small machine, and as OpenCV does.
  static void break_once(std::atomic<bool>& breaks) {
    if (breaks.exchange(false)) CV_Error(cv::Error::StsNoMem, "no room");
  }
  void note(const std::function<void()>& change) {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }
};

/// The camera's last loss or return.
std::optional<AlertKind> last_link_alert(const Told& told) {
  std::optional<AlertKind> last;
  for (const Alert& alert : told.alerts) {
    if (alert.kind == AlertKind::camera_lost || alert.kind == AlertKind::camera_back)
      last = alert.kind;
  }
  return last;
}

class CameraPipelineTest : public testing::Test {
 protected:
  CameraPipelineTest() {
    config_.name = "rear";
    config_.receiver.backoff_min_ms = config_.receiver.backoff_max_ms = 20;
    config_.receiver.read_timeout_ms = 60'000;  // what is silent stays connected
    config_.watch.signal_timeout_ms = 300;
  }

  /// Sends numbered pictures at 30 fps, `count` of them or until told to stop.
  FakeCamera::Script play(int count = 1 << 20) {
    return [this, count](FakeCamera::Client& client, int) {
      for (int i = 0; i < count && !quiet_; ++i) {
        if (!client.send(units_[static_cast<std::size_t>(i) % units_.size()])) return;
        client.pause_ms(33);
      }
      client.hold();
    };
  }

  /// It runs for as long as what comes back, which a test holds behind all that its script uses.
  [[nodiscard]] std::unique_ptr<CameraPipeline> start(
      const std::string& url,
      Script script = [](const Frame&, Analysis& analysis) { analysis.road = Road::clear; }) {
    config_.receiver.url = url;
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(std::make_unique<test::GivenStage>(Facts{Fact::road}, std::move(script)));
    return start(std::move(stages));
  }
  [[nodiscard]] std::unique_ptr<CameraPipeline> start(std::vector<std::unique_ptr<Stage>> stages) {
    bus_.add(listener_);
    auto pipeline = std::make_unique<CameraPipeline>(
        config_, 0, std::move(stages), bus_,
        [this](const std::string& reason) { listener_.failed(reason); });
    pipeline->start();
    return pipeline;
  }

  const std::vector<std::vector<std::uint8_t>> units_ = test::make_access_units(30, {});
  std::atomic<bool> quiet_ = false;
  CameraConfig config_;
  Listener listener_;
  EventBus bus_{1, [](const Alert& alert, const Annotated&) {
                  return std::make_shared<const KeptAlert>(KeptAlert{alert});
                }};
};

TEST_F(CameraPipelineTest, AnalysesEveryFrameInOrderAndReportsItself) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url());
  ASSERT_TRUE(listener_.wait([&] { return listener_.analyses.size() > 20; }));
  std::uint64_t last = 0;
  for (const auto& analysis : listener_.so_far().analyses) {
    if (analysis->road == Road::no_signal) continue;  // before the first picture
    EXPECT_GT(analysis->seq, last);
    last = analysis->seq;
    EXPECT_EQ(analysis->camera, "rear");
  }
  EXPECT_TRUE(test::eventually([&] { return pipeline->status().state == CameraState::live; }));
  const CameraStatus status = pipeline->status();
  EXPECT_EQ(status.width_px, 320);
  EXPECT_GT(status.fps_in, 0);
  EXPECT_EQ(status.pictures_encoded, 0u) << "nobody looked";
  ASSERT_EQ(status.stages.size(), 1u);
  EXPECT_EQ(status.stages[0].first, "given");
  EXPECT_LE(status.stages[0].second.p50_ms, status.analyse.p95_ms);
}

TEST_F(CameraPipelineTest, RecordersGetWhatTheCameraSentAndWhatRaisedAnAlert) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [](const Frame&, Analysis& analysis) {
    if (analysis.seq % 10 == 0) analysis.alerts.emplace_back();
  });
  ASSERT_TRUE(listener_.wait(
      [&] { return !listener_.alerts.empty() && listener_.access_units.size() > 12; }));
  const Told told = listener_.so_far();
  const Annotated& seen = told.seen_by_alert.front();
  ASSERT_TRUE(seen.frame && seen.analysis);
  EXPECT_EQ(seen.frame->seq, told.alerts.front().frame_seq);
  EXPECT_EQ(seen.analysis->seq, seen.frame->seq);
  const auto& unit = *told.access_units.front();
  // The delimiter behind the picture is the next one's.
  ASSERT_LE(unit.bytes.size(), units_.front().size());
  EXPECT_LE(units_.front().size(), unit.bytes.size() + 6);
  EXPECT_TRUE(std::equal(unit.bytes.begin(), unit.bytes.end(), units_.front().begin()));
  EXPECT_TRUE(unit.idr && unit.has_parameter_sets);
  const auto of_alert = std::find_if(told.access_units.begin(), told.access_units.end(),
                                     [&](const auto& one) { return one->seq == seen.frame->seq; });
  ASSERT_NE(of_alert, told.access_units.end());
  EXPECT_EQ((*of_alert)->t_s, seen.frame->t_s);
}

TEST_F(CameraPipelineTest, RecordersGetTheBestLookAtAVehicleThatHasPassed) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [](const Frame&, Analysis& analysis) {
    Track track;
    track.id = 7;
    track.threat = 2;
    track.box = {100, 60, 40, 30};
    if (analysis.seq <= 20) analysis.tracks.push_back(track);
    if (analysis.seq != 25) return;
    Alert alert;
    alert.kind = AlertKind::close_pass;
    alert.about = AlertPass{{.track_id = 7}};
    analysis.alerts.push_back(alert);
  });
  ASSERT_TRUE(listener_.wait_for_alert(AlertKind::close_pass));
  const Told told = listener_.so_far();
  const Annotated& seen = told.seen_by_alert.back();
  ASSERT_TRUE(seen.frame && seen.analysis);
  EXPECT_EQ(seen.analysis->tracks.size(), 1U) << "the road was empty again";
  EXPECT_EQ(seen.frame->seq, seen.analysis->seq);
  EXPECT_EQ(told.alerts.back().frame_seq, 25U);
}

TEST_F(CameraPipelineTest, WithoutACameraTheRoadIsNotClear) {
  const auto pipeline = start("tcp://127.0.0.1:" + std::to_string(test::unused_port()));
  ASSERT_TRUE(listener_.wait_for_road(Road::no_signal));
  const Told told = listener_.so_far();
  EXPECT_THAT(told.analyses.back()->text, testing::StartsWith("no picture yet"));
  EXPECT_EQ(pipeline->status().state, CameraState::connecting);
  EXPECT_EQ(pipeline->status().road, Road::no_signal);
  EXPECT_TRUE(told.alerts.empty()) << "a camera that was never there is not lost";
}

TEST_F(CameraPipelineTest, ACameraThatFallsSilentIsToldOnceAndSoIsItsReturn) {
  FakeCamera camera([this](FakeCamera::Client& client, int) {
    for (std::size_t i = 0; i < 10; ++i) {
      client.send(units_[i]);
      client.pause_ms(33);
    }
    client.wait([this] { return quiet_.load(); });
    for (std::size_t i = 10; i < 20; ++i) {
      client.send(units_[i]);
      client.pause_ms(33);
    }
    client.hold();
  });
  const auto pipeline = start(camera.url());
  // On a busy machine it may have seemed to be away before.
  ASSERT_TRUE(listener_.wait(
      [&] { return !listener_.analyses.empty() && listener_.analyses.back()->seq == 10; }));
  ASSERT_TRUE(listener_.wait([&] {
    return listener_.analyses.back()->road == Road::no_signal &&
           last_link_alert(listener_) == AlertKind::camera_lost;
  }));
  EXPECT_EQ(pipeline->status().state, CameraState::stalled);
  // The silence is told again while it lasts, the alert is not.
  const Told silent = listener_.so_far();
  ASSERT_TRUE(
      listener_.wait([&] { return listener_.analyses.size() > silent.analyses.size() + 1; }));
  EXPECT_EQ(listener_.so_far().alerts.size(), silent.alerts.size());
  quiet_ = true;
  ASSERT_TRUE(listener_.wait([&] { return listener_.alerts.size() > silent.alerts.size(); }));
  EXPECT_GE(std::get<AlertBlindness>(silent.alerts.back().about).blind_s, 0.3)
      << "since the last picture";
  EXPECT_EQ(silent.alerts.back().level, AlertLevel::danger);
  EXPECT_EQ(listener_.so_far().alerts[silent.alerts.size()].kind, AlertKind::camera_back);
}

TEST_F(CameraPipelineTest, AnAnalysisOfAPictureFromBeforeALossIsNoReturn) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [this](const Frame&, Analysis& analysis) {
    if (analysis.seq != 10) return;
    quiet_ = true;
    // While this is awaited nothing but the loss can be told.
    const std::size_t before = listener_.so_far().analyses.size();
    EXPECT_TRUE(listener_.wait([&] {
      return listener_.analyses.size() > before &&
             last_link_alert(listener_) == AlertKind::camera_lost;
    }));
    Alert alert;
    alert.kind = AlertKind::vehicle_approaching;
    analysis.alerts.push_back(alert);
  });
  ASSERT_TRUE(listener_.wait_for_alert(AlertKind::vehicle_approaching)) << "alerts are never lost";
  const std::size_t before = listener_.so_far().analyses.size();
  ASSERT_TRUE(listener_.wait([&] { return listener_.analyses.size() > before + 1; }));
  const Told told = listener_.so_far();
  for (std::size_t i = before; i < told.analyses.size(); ++i)
    EXPECT_EQ(told.analyses[i]->road, Road::no_signal);
  EXPECT_EQ(last_link_alert(told), AlertKind::camera_lost);
}

TEST_F(CameraPipelineTest, ALossIsTheRoadsStateBeforeItIsAnAlert) {
  FakeCamera camera(play(10));
  const auto pipeline = start(camera.url());
  ASSERT_TRUE(listener_.wait([&] {
    return !listener_.alerts.empty() && listener_.alerts.back().kind == AlertKind::camera_lost;
  }));
  const Told told = listener_.so_far();
  for (std::size_t i = 0; i < told.alerts.size(); ++i) {
    if (told.alerts[i].kind == AlertKind::camera_lost) {
      EXPECT_EQ(told.road_at_alert[i], Road::no_signal);
    }
  }
}

TEST_F(CameraPipelineTest, AStageThatThrowsIsAFailedAnalysisAndTheNextFrameStartsAfresh) {
  std::atomic<bool> lucky = true;
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [&](const Frame&, Analysis& analysis) {
    if (!lucky) throw std::runtime_error("no luck");
    analysis.road = Road::clear;
  });
  ASSERT_TRUE(listener_.wait_for_road(Road::clear));
  lucky = false;
  ASSERT_TRUE(listener_.wait([&] {
    if (listener_.analyses.empty()) return false;
    const Analysis& newest = *listener_.analyses.back();
    return newest.state == AnalysisState::failed && newest.road == Road::blind &&
           newest.text == "analysis failed: no luck";
  }));
  EXPECT_TRUE(test::eventually([&] { return pipeline->status().state == CameraState::failed; }));
  lucky = true;
  EXPECT_TRUE(listener_.wait_for_road(Road::clear));
}

TEST_F(CameraPipelineTest, AnAnalysisThatNeverComesIsToldByTheWatch) {
  config_.watch.analysis_timeout_ms = 300;
  std::atomic<bool> stuck = true;
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [&](const Frame&, Analysis& analysis) {
    while (stuck) std::this_thread::yield();
    analysis.road = Road::clear;
  });
  EXPECT_TRUE(listener_.wait([&] {
    if (listener_.analyses.empty()) return false;
    const Analysis& newest = *listener_.analyses.back();
    return newest.state == AnalysisState::failed && newest.road == Road::blind &&
           newest.text.starts_with("no analysis for");
  }));
  stuck = false;
  EXPECT_TRUE(listener_.wait_for_road(Road::clear));
}

TEST_F(CameraPipelineTest, AnAnalysisTooFarBehindIsBlindUnlessSomebodyComes) {
  config_.watch.signal_timeout_ms = 200;
  std::atomic<Road> seen = Road::clear;
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [&](const Frame& frame, Analysis& analysis) {
    while (ms_between(frame.decoded, SteadyClock::now()) < 300) std::this_thread::yield();
    analysis.road = seen;
  });
  ASSERT_TRUE(listener_.wait([&] {
    return !listener_.analyses.empty() && listener_.analyses.back()->road == Road::blind &&
           listener_.analyses.back()->text.find("too late to warn") != std::string::npos;
  }));
  seen = Road::danger;
  ASSERT_TRUE(listener_.wait_for_road(Road::danger));
  for (const AnalysisPtr& analysis : listener_.so_far().analyses) {
    EXPECT_NE(analysis->road, Road::clear);
  }
}

TEST_F(CameraPipelineTest, ASlowAnalysisDropsFramesCountsThemAndSaysThatItIsLate) {
  config_.watch.late_ms = 50;
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [](const Frame& frame, Analysis&) {
    while (ms_between(frame.decoded, SteadyClock::now()) < 120) std::this_thread::yield();
  });
  ASSERT_TRUE(listener_.wait([&] {
    return !listener_.analyses.empty() &&
           listener_.analyses.back()->state == AnalysisState::degraded &&
           listener_.analyses.back()->text.find("behind") != std::string::npos;
  }));
  ASSERT_TRUE(listener_.wait([&] { return listener_.analyses.size() > 10; }));
  const auto drops = pipeline->status().drops;
  const auto busy = std::find_if(drops.begin(), drops.end(),
                                 [](const auto& drop) { return drop.first == "analysis_busy"; });
  ASSERT_NE(busy, drops.end());
  EXPECT_GT(busy->second, 0u);
}

TEST_F(CameraPipelineTest, AlertsGoOutBeforeTheAnalysisThatRaisedThem) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url(), [](const Frame&, Analysis& analysis) {
    Alert alert;
    alert.kind = AlertKind::vehicle_approaching;
    alert.about = AlertApproach{{.track_id = 7}};
    analysis.alerts.push_back(alert);
  });
  ASSERT_TRUE(listener_.wait_for_alert(AlertKind::vehicle_approaching));
  const Alert alert = listener_.so_far().alerts.front();
  EXPECT_EQ(alert.camera, "rear");
  EXPECT_EQ(alert.epoch, 1u);
  EXPECT_GT(alert.latency.total_ms, 0);
}

TEST_F(CameraPipelineTest, PicturesAreDrawnOnlyWhileSomebodyLooks) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url());
  ASSERT_TRUE(listener_.wait([&] { return listener_.analyses.size() > 5; }));
  EXPECT_TRUE(listener_.so_far().pictures.empty());
  listener_.wants_pictures = true;
  ASSERT_TRUE(listener_.wait([&] { return listener_.pictures.size() > 5; }));
  EXPECT_EQ(listener_.so_far().pictures.back().size(), cv::Size(320, 192));
}

TEST_F(CameraPipelineTest, ALookerSeesThatThereIsNoSignal) {
  listener_.wants_pictures = true;
  const auto pipeline = start("tcp://127.0.0.1:" + std::to_string(test::unused_port()));
  ASSERT_TRUE(listener_.wait([&] { return listener_.pictures.size() > 1; }));
}

TEST_F(CameraPipelineTest, WhatEscapesTheReceiverEndsTheConnectionAndItComesBack) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url());
  ASSERT_TRUE(listener_.wait_for_road(Road::clear));
  listener_.access_unit_breaks = true;
  ASSERT_TRUE(listener_.wait([&] { return !listener_.failures.empty(); }));
  EXPECT_THAT(listener_.so_far().failures.front(),
              AllOf(StartsWith("camera rear: receive: "), HasSubstr("no room")));
  ASSERT_TRUE(listener_.wait([&] {
    return !listener_.analyses.empty() && listener_.analyses.back()->road == Road::no_signal &&
           listener_.analyses.back()->text.find("no room") != std::string::npos;
  }));
  ASSERT_TRUE(listener_.wait_for_road(Road::clear));
  EXPECT_EQ(pipeline->epoch(), 2U);
  EXPECT_EQ(last_link_alert(listener_.so_far()), AlertKind::camera_back);
}

TEST_F(CameraPipelineTest, WhatEscapesTheAnalysisIsBlindAndItGoesOn) {
  FakeCamera camera(play());
  const auto pipeline = start(camera.url());
  ASSERT_TRUE(listener_.wait_for_road(Road::clear));
  const std::size_t before = listener_.so_far().analyses.size();
  listener_.analysis_breaks = true;
  ASSERT_TRUE(listener_.wait([&] {
    return std::any_of(listener_.analyses.begin() + static_cast<std::ptrdiff_t>(before),
                       listener_.analyses.end(), [](const AnalysisPtr& analysis) {
                         return analysis->state == AnalysisState::failed &&
                                analysis->road == Road::blind &&
                                analysis->text.find("no room") != std::string::npos;
                       });
  }));
  ASSERT_TRUE(listener_.wait_for_road(Road::clear));
  EXPECT_TRUE(pipeline->lives(SteadyClock::now()));
  EXPECT_TRUE(pipeline->lives(SteadyClock::now() + std::chrono::seconds(1)));
  const Told told = listener_.so_far();
  ASSERT_EQ(told.failures.size(), 1U);
  EXPECT_THAT(told.failures.front(), StartsWith("camera rear: analyse: "));
}

TEST_F(CameraPipelineTest, WhatEscapesDrawingCostsAPicture) {
  FakeCamera camera(play());
  listener_.wants_pictures = true;
  listener_.picture_breaks = true;
  const auto pipeline = start(camera.url());
  ASSERT_TRUE(listener_.wait([&] { return !listener_.failures.empty(); }));
  EXPECT_THAT(listener_.so_far().failures.front(), StartsWith("camera rear: present: "));
  ASSERT_TRUE(listener_.wait([&] { return listener_.pictures.size() > 2; }));
}

}  // namespace
}  // namespace rearview
