#include "store/event_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/temporary_folder.h"
#include "tests/support/eventually.h"
#include "tests/support/frames.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using test::eventually;
using testing::HasSubstr;

class EventRecorderTest : public testing::Test {
 protected:
  EventRecorderTest() { config_.clips.pre_roll_s = 0.5, config_.clips.post_roll_s = 0.5; }
  ~EventRecorderTest() override {
    recorder_.reset();
    store_.reset();
  }

  void open() {
    store_.emplace(config_);
    recorder_.emplace(
        config_, *store_, std::vector<std::string>{"rear"},
        [this](const Frame&, const Analysis&) {
          if (cannot_draw_) throw 7;
          return std::make_shared<const std::string>("a picture");
        },
        [](const std::string& reason) { ADD_FAILURE() << reason; });
  }
  /// So many pictures, 25 a second, each analysed; an alert at some of them.
  void play(int pictures, const std::map<int, AlertKind>& alerts = {}) {
    for (int i = 0; i < pictures; ++i, ++seq_) {
      auto unit = std::make_shared<LiveAccessUnit>();
      unit->bytes = units_[seq_ % units_.size()];
      unit->idr = unit->has_parameter_sets = seq_ % 10 == 0;
      unit->seq = seq_;
      unit->epoch = 1;
      unit->t_s = static_cast<double>(seq_) / 25;
      unit->received = SteadyTime{} + std::chrono::milliseconds(40 * seq_);
      Analysis analysis;
      analysis.seq = seq_;
      analysis.epoch = 1;
      analysis.t_s = unit->t_s;
      analysis.time = start_ + std::chrono::milliseconds(40 * seq_);
      const auto seen = std::make_shared<const Analysis>(analysis);
      recorder_->access_unit(0, std::move(unit));
      if (const auto found = alerts.find(i); found != alerts.end()) {
        Alert alert;
        alert.camera = "rear";
        alert.kind = found->second;
        alert.about = AlertApproach{{.track_id = 7}};
        alert.epoch = 1;
        alert.t_s = seen->t_s;
        alert.frame_seq = seq_;
        recorder_->alert(0, store_->append(alert), frame_, seen);
      }
      recorder_->analysis(0, seen);
    }
  }
  bool has_clip(std::uint64_t alert) const { return store_->alert(alert)->keeping.has_clip; }

  const std::vector<std::vector<std::uint8_t>> units_ = test::make_access_units(50, {});
  const FramePtr frame_ = testing_support::frame_of(testing_support::flat_planes({64, 36}, 90));
  // As the database holds times.
  const WallTime start_ = std::chrono::floor<std::chrono::milliseconds>(WallClock::now());
  std::uint64_t seq_ = 0;
  std::atomic<bool> cannot_draw_ = false;
  const TemporaryFolder temporary_;
  StoreConfig config_{.folder = temporary_ / "store", .least_free_bytes = 0};
  std::optional<AlertStore> store_;
  std::optional<EventRecorder> recorder_;
};

TEST_F(EventRecorderTest, AMissedMomentKeepsTheSecondsBefore) {
  open();
  play(100);
  const auto at = [this](double t_s) {
    return start_ + std::chrono::milliseconds(std::llround(t_s * 1000));
  };
  store_->camera_seen("rear", at(0), true);
  store_->on_footage([this](const Missed& moment) { return recorder_->missed(moment); });
  EXPECT_EQ(store_->add_missed({.camera = "rear", .time = at(-1)}), std::nullopt);
  const auto moment = store_->add_missed({.camera = "rear", .time = at(3)});
  ASSERT_TRUE(moment);
  EXPECT_EQ(moment->clip, ClipState::coming);
  play(10);
  EXPECT_TRUE(eventually([this] { return store_->missed({})[0].clip == ClipState::kept; }));
  const auto sidecar =
      nlohmann::json::parse(std::ifstream(store_->missed_tracks(moment->id).value()));
  EXPECT_EQ(sidecar.at("t0_s"), 0);
  EXPECT_NEAR(sidecar.at("frames").back().at("t_s").get<double>(), 3.5, 0.05);
  EXPECT_TRUE(eventually([&] { return store_->remove_missed(moment->id) == Change::done; }));
  EXPECT_FALSE(std::filesystem::exists(store_->media().clip(moment->id)));
}

TEST_F(EventRecorderTest, AMissedMomentOutOfReachHasNoFootage) {
  config_.clips.most_s = 1;
  open();
  store_->camera_seen("rear", start_, true);
  play(200);
  store_->on_footage([this](const Missed& moment) { return recorder_->missed(moment); });
  EXPECT_EQ(store_->add_missed({.camera = "rear", .time = start_ + std::chrono::seconds(2)})->clip,
            ClipState::none);
  EXPECT_FALSE(recorder_->missed({.id = 99, .camera = "left", .time = start_}));
}

TEST_F(EventRecorderTest, AnEncounterGetsOneClipAndEachAlertItsPicture) {
  open();
  play(100, {{40, AlertKind::vehicle_approaching}, {50, AlertKind::overtake}});
  const auto written = [this] {
    const StoreStatus status = store_->status();
    return status.clips_written == 1 && status.snapshots_written == 2;
  };
  ASSERT_TRUE(eventually(written));
  EXPECT_TRUE(has_clip(1));
  EXPECT_TRUE(store_->alert(1)->keeping.has_snapshot);
  EXPECT_TRUE(store_->alert(2)->keeping.has_snapshot);
  EXPECT_TRUE(has_clip(2));
  EXPECT_EQ(store_->clip(1), store_->clip(2));
  EXPECT_TRUE(std::filesystem::exists(*store_->clip(1)));
  EXPECT_TRUE(std::filesystem::exists(*store_->tracks(1)));
  EXPECT_EQ(store_->status().media_bytes, 2 * 9 + std::filesystem::file_size(*store_->clip(1)) +
                                              std::filesystem::file_size(*store_->tracks(1)));
  // The recorder lets go of the alerts only when it has counted the clip.
  EXPECT_TRUE(eventually([&] { return store_->remove(1) != Change::open; }));
  EXPECT_FALSE(store_->alert(1));
  EXPECT_TRUE(std::filesystem::exists(*store_->clip(2))) << "the other alert's too";
  const auto clip = *store_->clip(2);
  EXPECT_EQ(store_->remove(2), Change::done);
  EXPECT_FALSE(std::filesystem::exists(clip));
  EXPECT_EQ(store_->status().media_bytes, 0u);
}

TEST_F(EventRecorderTest, AnOpenEncounterCantBeDeletedAndIsWrittenAtTheEnd) {
  open();
  play(60, {{50, AlertKind::overtake}});
  EXPECT_EQ(store_->remove(1), Change::open);
  recorder_.reset();
  EXPECT_TRUE(has_clip(1));
  EXPECT_EQ(store_->remove(1), Change::done);
}

TEST_F(EventRecorderTest, AnEncounterThatIsNotWorthAClipIsReleased) {
  open();
  play(100, {{50, AlertKind::vehicle_approaching}});
  EXPECT_EQ(store_->remove(1), Change::done);
  recorder_.reset();
  EXPECT_EQ(store_->status().clips_written, 0u);
}

TEST_F(EventRecorderTest, AStreamThatNoClipCanBeginWithIsCounted) {
  open();
  seq_ = 1;
  play(8, {{2, AlertKind::overtake}});
  recorder_.reset();
  EXPECT_EQ(store_->status().clips_without_stream, 1u);
  EXPECT_EQ(store_->remove(1), Change::done);
}

TEST_F(EventRecorderTest, ADiskThatRefusesCostsTheClipNotTheAlertAndLeavesNothingBehind) {
  std::filesystem::create_directories(config_.folder);
  std::ofstream(config_.folder / "clips") << "a file in its place";
  open();
  play(100, {{40, AlertKind::overtake}});
  ASSERT_TRUE(eventually([&] { return store_->status().clips_failed == 1; }));
  EXPECT_TRUE(store_->alert(1)->keeping.has_snapshot);
  EXPECT_FALSE(has_clip(1));
  EXPECT_THAT(store_->status().media_problem, HasSubstr("clips"));
  EXPECT_TRUE(store_->status().problem.empty());
  std::filesystem::remove(config_.folder / "clips");
  play(100, {{40, AlertKind::overtake}});
  ASSERT_TRUE(eventually([&] { return has_clip(2); }));
  EXPECT_EQ(store_->status().media_problem, "");
}

TEST_F(EventRecorderTest, APictureThatCannotBeDrawnEndsNoMoreThanItself) {
  open();
  cannot_draw_ = true;
  play(100, {{40, AlertKind::overtake}});
  ASSERT_TRUE(eventually([&] { return has_clip(1); }));
  EXPECT_EQ(store_->status().snapshots_failed, 1u);
  cannot_draw_ = false;
  play(100, {{40, AlertKind::overtake}});
  ASSERT_TRUE(eventually([&] { return store_->status().snapshots_written == 1; }));
}

TEST_F(EventRecorderTest, ADiskWithLessFreeThanAskedIsLeftAlone) {
  config_.least_free_bytes = std::uint64_t{1} << 40;
  open();
  play(100, {{40, AlertKind::overtake}});
  ASSERT_TRUE(eventually([&] {
    return store_->status().clips_failed == 1 && store_->status().snapshots_failed == 1;
  }));
  EXPECT_THAT(store_->status().media_problem, HasSubstr("bytes free"));
  EXPECT_FALSE(std::filesystem::exists(config_.folder / "clips"));
}

}  // namespace
}  // namespace rearview
