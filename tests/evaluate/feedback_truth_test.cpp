#include "evaluate/feedback_truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temporary_folder.h"
#include "evaluate/truth.h"
#include "types/json.h"

namespace rearview {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// At constant speed from 30 m to 6 m, 1.8 m wide, running out to the left; and what stands still.
constexpr double kFrom_s = 4;
constexpr double kTo_s = 8;
cv::Rect2f approaching(double t_s) {
  const auto distance = static_cast<float>(30 - 6 * (t_s - kFrom_s));
  const float width = 500 * 1.8F / distance;
  return {320 - 500 * 2 / distance - width / 2, 180 - width / 2, width, width};
}
const cv::Rect2f kStanding(500, 170, 40, 30);

class FeedbackTruth : public testing::Test {
 protected:
  FeedbackTruth() {
    nlohmann::json frames = nlohmann::json::array();
    for (int n = 0; n <= 300; ++n) {
      const double t_s = n / 30.0;
      nlohmann::json tracks = nlohmann::json::array();
      const auto add = [&tracks](int id, const cv::Rect2f& box) {
        Track track;
        track.id = id;
        track.box = box;
        tracks.push_back(nlohmann::json(to_json(track)));
      };
      if (t_s >= kFrom_s && t_s <= kTo_s) add(7, approaching(t_s));
      add(8, kStanding);
      frames.push_back({{"t_s", t_s}, {"tracks", tracks}});
    }
    sidecar_ = {{"frames", frames}};
    clip_.input = "17.mp4";
  }

  void told(std::uint64_t id, int track, double t_s, std::optional<Mark> mark,
            bool passed = false) {
    const AlertVehicle vehicle{.track_id = track,
                               .vehicle_class = VehicleClass::van,
                               .box = {},
                               .distance_m = {},
                               .closing_mps = {},
                               .side = Side::left,
                               .lateral_m = {}};
    Alert alert;
    alert.id = id;
    if (passed)
      alert.about = AlertPass{vehicle, t_s};
    else
      alert.about = AlertApproach{vehicle, {}, {}};
    clip_.alerts.push_back({alert, t_s, mark});
  }
  /// As `rearview eval` reads it.
  Truth truth() {
    const auto file = folder_ / "17.truth.json";
    std::ofstream(file) << feedback_truth(clip_, sidecar_);
    return read_truth(file);
  }

  const TemporaryFolder folder_;
  nlohmann::json sidecar_;
  JudgedClip clip_;
};

TEST_F(FeedbackTruth, AVehicleThatWasRightlyToldIsAnEventAndTheOthersNobodyJudged) {
  told(17, 7, 5, Mark::right);
  told(19, 7, 8, std::nullopt, true);
  const Truth read = truth();
  EXPECT_EQ(read.input.filename(), "17.mp4");
  EXPECT_NEAR(read.fps, 30, 0.01);
  ASSERT_THAT(read.events, SizeIs(1));
  const TruthEvent& event = read.events[0];
  EXPECT_EQ(event.id, "alert 17");
  EXPECT_EQ(event.vehicle_class, "van");
  EXPECT_EQ(event.side, "left");
  EXPECT_DOUBLE_EQ(event.t_pass_s, 8);
  EXPECT_TRUE(event.pass_seen);
  ASSERT_THAT(read.others, SizeIs(1));
  EXPECT_TRUE(read.others[0].soft());
}

TEST_F(FeedbackTruth, WhoSeesAVehicleSoonerIsRight) {
  told(17, 7, 5, Mark::late);
  const Truth read = truth();
  ASSERT_THAT(read.events, SizeIs(1));
  const TruthEvent& event = read.events[0];
  EXPECT_NEAR(event.t_visible_s, kFrom_s - 3, 0.01);
  EXPECT_FALSE(event.pass_seen);
  EXPECT_NEAR(event.t_pass_s, kTo_s, 0.02);
  // Where it was before anybody looked follows from where it was seen.
  for (const double t_s : {1.2, 2.0, 3.0, 5.0})
    EXPECT_GT(overlap(event.track.box_at(t_s), approaching(t_s)), 0.8F) << t_s;
}

TEST_F(FeedbackTruth, AnAlertOnWhatIsMarkedWrongIsFalse) {
  told(17, 8, 5, Mark::wrong);
  told(18, 8, 5.5, std::nullopt);
  const Truth read = truth();
  EXPECT_THAT(read.events, IsEmpty());
  ASSERT_THAT(read.others, SizeIs(2));
  EXPECT_EQ(read.others[0].kind, "not marked");
  EXPECT_EQ(read.others[1].kind, "marked wrong");
  EXPECT_FALSE(read.others[1].soft());
  EXPECT_GT(overlap(read.others[1].track.box_at(6), kStanding), 0.9F);
}

TEST_F(FeedbackTruth, AVehicleThatCameIsNotTakenBackByOneWrongAlert) {
  told(17, 7, 5, Mark::wrong);
  told(18, 7, 8, Mark::right, true);
  const Truth read = truth();
  ASSERT_THAT(read.events, SizeIs(1));
  EXPECT_THAT(read.others, SizeIs(1));
}

TEST_F(FeedbackTruth, AMissedMomentIsAnEventThatTellsNoLead) {
  clip_.missed.push_back({58, 9.5, "a bus"});
  const Truth read = truth();
  ASSERT_THAT(read.events, SizeIs(1));
  EXPECT_EQ(read.events[0].id, "missed 58");
  EXPECT_TRUE(read.events[0].track.empty());
  EXPECT_FALSE(read.events[0].pass_timed);
  EXPECT_EQ(read.events[0].t_visible_s, 0);
  EXPECT_EQ(read.events[0].t_pass_s, 9.5);
}

TEST_F(FeedbackTruth, AMarkedVehicleThatTheSidecarDoesNotShowIsNotLost) {
  told(17, 99, 5, Mark::right);
  const Truth read = truth();
  ASSERT_THAT(read.events, SizeIs(1));
  EXPECT_TRUE(read.events[0].track.empty());
  EXPECT_EQ(read.events[0].t_visible_s, 2);
}

TEST_F(FeedbackTruth, NoPositionAndNoTimeOfDayIsInIt) {
  told(17, 7, 5, Mark::right);
  clip_.alerts[0].alert.position = Position{};
  clip_.alerts[0].alert.rider_speed_mps = 7;
  const std::string text = feedback_truth(clip_, sidecar_).dump();
  for (const char* word : {"position", "lat", "lon", "speed", "time\""})
    EXPECT_THAT(text, Not(HasSubstr(word)));
}

TEST_F(FeedbackTruth, ASidecarThatIsNoneIsRefused) {
  sidecar_ = {{"frames", nlohmann::json::array()}};
  EXPECT_THROW(feedback_truth(clip_, sidecar_), std::runtime_error);
  sidecar_ = {{"tracks", 1}};
  EXPECT_THROW(feedback_truth(clip_, sidecar_), nlohmann::json::exception);
}

}  // namespace
}  // namespace rearview
