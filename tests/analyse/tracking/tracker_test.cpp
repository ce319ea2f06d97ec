#include "analyse/tracking/tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/error.h"
#include "tests/analyse/frames.h"
#include "tests/analyse/textured_road.h"

namespace rearview {
namespace {

const cv::Size kPicture(640, 360);

Detection car(double x, double y, double w, double h, float score = 0.8F,
              VehicleClass vehicle_class = VehicleClass::car) {
  return {.box = cv::Rect2f(static_cast<float>(x - w / 2), static_cast<float>(y - h / 2),
                            static_cast<float>(w), static_cast<float>(h)) &
                 cv::Rect2f({0, 0}, cv::Size2f(kPicture)),
          .score = score,
          .vehicle_class = vehicle_class,
          .detector = "onnx",
          .growth_per_s = std::nullopt};
}

Detection outline(double x, double y, double w, double h, float score = 0.6F) {
  Detection detection = car(x, y, w, h, score, VehicleClass::vehicle);
  detection.detector = "looming";
  detection.growth_per_s = 0.3;
  return detection;
}

class TrackerTest : public testing::Test {
 protected:
  std::vector<Track> at(double t_s, const std::vector<Detection>& detections) {
    Analysis analysis;
    analysis.detections = detections;
    analysis.detector_rested = rested_;
    shown_.show(tracker_, *test::frame_at(t_s, seq_++, planes_), analysis);
    return analysis.tracks;
  }

  /// The same detections at 30 fps.
  std::vector<Track> run(double from_s, double to_s, const std::vector<Detection>& detections) {
    std::vector<Track> last;
    for (double t = from_s; t < to_s - 1e-9; t += 1 / 30.0) last = at(t, detections);
    return last;
  }

  Tracker tracker_{TrackerSettings{}};
  test::Shown shown_;
  Planes planes_ = test::flat_planes(kPicture, 100);
  std::uint64_t seq_ = 0;
  bool rested_ = false;
};

TEST_F(TrackerTest, ReportsAVehicleOnceItIsSure) {
  std::vector<std::size_t> reported;
  for (int i = 0; i < 6; ++i) reported.push_back(at(i / 30.0, {car(300, 200, 60, 40)}).size());
  EXPECT_THAT(reported, testing::ElementsAre(0, 0, 0, 1, 1, 1));
  const Track track = at(0.2, {car(300, 200, 60, 40)}).front();
  EXPECT_EQ(track.vehicle_class, VehicleClass::car);
  EXPECT_EQ(track.detections, 7);
  EXPECT_FALSE(track.coasting);
  EXPECT_NEAR(track.score, 0.8, 1e-6);
  EXPECT_NEAR(track.box.x, 270, 0.5);
  EXPECT_NEAR(track.box.height, 40, 0.5);
}

TEST_F(TrackerTest, OneFalseDetectionIsNoVehicle) {
  at(0, {car(300, 200, 60, 40)});
  EXPECT_TRUE(run(0.1, 1.5, {}).empty());
  EXPECT_TRUE(run(1.5, 1.54, {car(300, 200, 60, 40)}).empty());
}

TEST_F(TrackerTest, AWeakDetectionBeginsNothingButHoldsAKnownVehicle) {
  EXPECT_TRUE(run(0, 1, {car(300, 200, 60, 40, 0.15F)}).empty());
  const int id = run(1, 1.5, {car(300, 200, 60, 40)}).at(0).id;
  const auto held = run(1.5, 4, {car(300, 200, 60, 40, 0.15F)});
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].id, id);
  EXPECT_FALSE(held[0].coasting);
}

TEST_F(TrackerTest, CrossingVehiclesKeepTheirIds) {
  std::map<int, double> start;
  std::map<int, double> end;
  for (int i = 0; i <= 60; ++i) {
    const double t = i / 30.0;
    const auto tracks = at(t, {car(200 + 120 * t, 190, 60, 40), car(440 - 120 * t, 205, 66, 44)});
    for (const Track& track : tracks) {
      const double x = track.box.x + track.box.width / 2;
      start.try_emplace(track.id, x);
      end[track.id] = x;
    }
  }
  ASSERT_EQ(start.size(), 2U);
  for (const auto& [id, x] : start) EXPECT_NEAR(end[id], 640 - x, 40) << "they swapped";
}

TEST_F(TrackerTest, AHiddenVehicleComesBackUnderItsId) {
  int hidden = 0;
  for (int i = 0; i <= 60; ++i) {
    const double t = i / 30.0;
    std::vector<Detection> seen{car(300, 200, 60, 40)};
    const bool behind = t > 0.8 && t < 1.3;
    if (!behind) seen.push_back(car(200 + 100 * t, 192, 40, 26));
    for (const Track& track : at(t, seen)) {
      if (std::abs(track.box.width - 40) < 8 && track.id != 0 && hidden == 0) hidden = track.id;
      EXPECT_LE(track.id, 2);
      if (behind && track.id == hidden) {
        EXPECT_TRUE(track.coasting);
      }
    }
  }
  const auto tracks = at(2.04, {car(300, 200, 60, 40), car(404, 192, 40, 26)});
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks[0].id + tracks[1].id, 3);
}

TEST_F(TrackerTest, CoastsThroughMissedFramesAndThenForgets) {
  const int id = run(0, 0.5, {car(300, 200, 60, 40)}).at(0).id;
  const auto coasting = run(0.5, 1.4, {});
  ASSERT_EQ(coasting.size(), 1U);
  EXPECT_EQ(coasting[0].id, id);
  EXPECT_TRUE(coasting[0].coasting);
  EXPECT_NEAR(coasting[0].unseen_s, 0.9, 0.05);
  EXPECT_TRUE(run(1.4, 1.6, {}).empty());
  const auto later = run(1.6, 2.0, {car(300, 200, 60, 40)});
  ASSERT_EQ(later.size(), 1U);
  EXPECT_NE(later[0].id, id);
  EXPECT_EQ(later[0].unseen_s, 0);
}

TEST_F(TrackerTest, TenFramesASecondGiveTheSameAsThirty) {
  const auto follow = [this](int fps) {
    Tracker tracker{TrackerSettings{}};
    test::Shown shown;
    Track last;
    for (int i = 0; i <= 3 * fps; ++i) {
      const double t = static_cast<double>(i) / fps;
      const double h = 18 * std::exp(0.5 * t);
      Analysis analysis;
      if (t < 1.4 || t > 1.9) analysis.detections = {car(320 - 30 * t, 190, 1.4 * h, h)};
      shown.show(tracker, *test::frame_at(t, static_cast<std::uint64_t>(i), planes_), analysis);
      if (t > 0.5) {
        EXPECT_EQ(analysis.tracks.size(), 1U) << fps << " fps at " << t;
      }
      if (!analysis.tracks.empty()) last = analysis.tracks[0];
    }
    return last;
  };
  const Track slow = follow(10);
  const Track fast = follow(30);
  EXPECT_EQ(slow.id, 1);
  EXPECT_EQ(fast.id, 1);
  EXPECT_NEAR(slow.box.x, fast.box.x, 3);
  EXPECT_NEAR(slow.box.height, fast.box.height, 3);
}

TEST_F(TrackerTest, AForgottenVehiclesIdIsNotUsedAgain) {
  std::set<int> ids;
  for (int i = 0; i < 5; ++i) {
    const auto tracks = run(i, i + 0.3, {car(300, 200, 60, 40)});
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_TRUE(ids.insert(tracks[0].id).second);
    tracker_.reset();
    EXPECT_TRUE(at(i + 0.5, {}).empty());
  }
}

TEST_F(TrackerTest, AChangeOfPictureSizeForgets) {
  run(0, 0.5, {car(300, 200, 60, 40)});
  planes_ = test::flat_planes({1280, 720}, 100);
  EXPECT_TRUE(at(0.5, {}).empty());
}

TEST_F(TrackerTest, FollowsAVehicleOutOfThePicture) {
  int id = 0;
  std::set<int> ids;
  double gone_s = 0;
  for (int i = 0; i < 120; ++i) {
    const double t = i / 30.0;
    const double h = 40 * std::exp(0.45 * t);
    const Detection seen = car(400 + 90 * t, 190, 1.6 * h, h);
    const bool in_view = seen.box.width > 6;
    const auto tracks = at(t, in_view ? std::vector{seen} : std::vector<Detection>{});
    for (const Track& track : tracks) {
      ids.insert(track.id);
      id = track.id;
      EXPECT_EQ(track.box & cv::Rect2f(0, 0, 640, 360), track.box);
      if (in_view && t > 0.5) {
        const float both = (track.box & seen.box).area();
        EXPECT_GT(both / (track.box.area() + seen.box.area() - both), 0.75F) << t;
      }
    }
    if (in_view) gone_s = t;
  }
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(id, 1);
  EXPECT_GT(gone_s, 2.5);
}

TEST_F(TrackerTest, APredictedVehicleBeyondTheBorderIsGoneAtOnce) {
  for (int i = 0; i < 30; ++i) at(i / 30.0, {car(330 + 10 * i, 200, 60, 40)});
  EXPECT_TRUE(run(1.0, 1.35, {}).empty());
}

TEST_F(TrackerTest, TheClassIsVoted) {
  run(0, 0.5, {car(300, 200, 60, 40)});
  EXPECT_EQ(at(0.5, {car(300, 200, 60, 40, 0.9F, VehicleClass::truck)}).at(0).vehicle_class,
            VehicleClass::car);
  EXPECT_EQ(run(0.53, 3, {car(300, 200, 60, 40, 0.9F, VehicleClass::truck)}).at(0).vehicle_class,
            VehicleClass::truck);
}

TEST_F(TrackerTest, AnOutlineSupportsButNeverOverridesAClass) {
  const std::vector<Detection> both{car(300, 200, 60, 40, 0.3F), outline(304, 204, 80, 50)};
  const auto tracks = run(0, 0.5, both);
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].vehicle_class, VehicleClass::car);
  EXPECT_NEAR(tracks[0].score, 1 - 0.7 * 0.4, 1e-3);
  EXPECT_NEAR(tracks[0].box.width, 60, 1) << "the outline moved the box";
  const auto alone = run(0.5, 1.5, {outline(304, 204, 80, 50)});
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0].id, tracks[0].id);
  EXPECT_EQ(alone[0].vehicle_class, VehicleClass::car);
  EXPECT_FALSE(alone[0].coasting);
}

TEST_F(TrackerTest, AnOutlineAloneIsAVehicleWhoseClassIsFoundLater) {
  const auto first = run(0, 0.5, {outline(300, 200, 80, 50)});
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].vehicle_class, VehicleClass::vehicle);
  const auto later = run(0.5, 1, {car(296, 202, 44, 30)});
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].id, first[0].id);
  EXPECT_EQ(later[0].vehicle_class, VehicleClass::car);
  EXPECT_NEAR(later[0].box.width, 44, 1);
}

TEST_F(TrackerTest, TwoDetectorsOnOneVehicleMakeOneTrack) {
  Detection again = car(303, 203, 76, 50, 0.5F, VehicleClass::truck);
  const auto tracks = run(0, 1, {car(300, 200, 60, 40), again});
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].vehicle_class, VehicleClass::car);
}

TEST_F(TrackerTest, AVehicleDoesNotBecomeAMuchSmallerOneBehindIt) {
  const int id = run(0, 0.5, {car(300, 200, 60, 40)}).at(0).id;
  for (const Track& track : run(0.5, 0.9, {car(300, 194, 28, 18)})) {
    if (track.id == id) {
      EXPECT_TRUE(track.coasting);
      EXPECT_GT(track.box.height, 35);
    }
  }
}

TEST_F(TrackerTest, NoVehicleBeginsWhereOneIsSeen) {
  // A second box of the same vehicle, too different to be merged as a detection.
  run(0, 0.5, {car(300, 200, 60, 40)});
  EXPECT_EQ(run(0.5, 2, {car(300, 200, 60, 40), car(300, 222.5, 60, 85, 0.5F)}).size(), 1U);
  EXPECT_EQ(run(2, 3, {car(300, 200, 60, 40), car(340, 200, 60, 40, 0.5F)}).size(), 2U);
}

TEST_F(TrackerTest, ASmallVehicleIsKeptThroughAJolt) {
  int id = 0;
  for (int i = 0; i < 60; ++i) {
    const double jolt = i == 30 ? 7 : 0;
    const auto tracks = at(i / 30.0, {car(320, 180 + jolt, 14, 10)});
    ASSERT_LE(tracks.size(), 1U);
    if (!tracks.empty()) id = tracks[0].id;
  }
  EXPECT_EQ(id, 1);
}

TEST_F(TrackerTest, TheNumberOfTracksIsBoundedAndTheKnownOnesStay) {
  TrackerSettings settings;
  settings.most_tracks = 8;
  tracker_ = Tracker(settings);
  const int id = run(0, 0.5, {car(300, 200, 60, 40)}).at(0).id;
  std::mt19937 random(1);
  std::uniform_real_distribution<double> x(0, 640);
  std::uniform_real_distribution<double> y(0, 360);
  for (int i = 15; i < 60; ++i) {
    std::vector<Detection> flood{car(300, 200, 60, 40)};
    for (int k = 0; k < 500; ++k) flood.push_back(car(x(random), y(random), 12, 9, 0.5F));
    const auto tracks = at(i / 30.0, flood);
    EXPECT_LE(tracks.size(), 8U);
    ASSERT_FALSE(tracks.empty());
    EXPECT_EQ(tracks[0].id, id);
  }
}

/// A vehicle that turns back after 0.7 s, detected in every fourth frame until then and never
/// again.
class FollowTest : public TrackerTest {
 protected:
  static cv::Rect2d place(double t_s) {
    return {250 + 60 * (t_s < 0.7 ? t_s : 1.4 - t_s), 150, 60, 50};
  }
  std::vector<Track> shown(int i, bool hidden = false, bool outlined = false, bool missed = false) {
    const double t = i / 30.0;
    const cv::Rect2d box = place(t);
    cv::Mat luma = road_.picture(box, 1, static_cast<std::uint64_t>(i + 1));
    if (hidden) test::texture({120, 90}, 5).copyTo(luma(cv::Rect(220, 130, 120, 90)));
    planes_.y = luma;
    std::vector<Detection> seen;
    rested_ = i % 4 != 0 || t > 0.7;
    if (!rested_ && !missed)
      seen.push_back(car(box.x + box.width / 2, box.y + box.height / 2, box.width, box.height));
    if (outlined)
      seen.push_back(outline(box.x + 45, box.y + box.height / 2, box.width + 30, box.height));
    return at(t, seen);
  }

  test::Road road_;
};

TEST_F(FollowTest, AVehicleIsFollowedInThePictureBetweenDetections) {
  int id = 0;
  for (int i = 0; i < 32; ++i) {  // the last detection is that of frame 20
    const auto tracks = shown(i);
    if (i < 12) continue;
    ASSERT_EQ(tracks.size(), 1U) << i;
    if (id == 0) id = tracks[0].id;
    EXPECT_EQ(tracks[0].id, id);
    EXPECT_FALSE(tracks[0].coasting) << i;
    EXPECT_NEAR(tracks[0].box.x, place(i / 30.0).x, 5) << i;
    EXPECT_EQ(tracks[0].detections, std::min(i, 20) / 4 + 1) << "followed is not detected";
  }
}

TEST_F(FollowTest, NotForEver) {
  for (int i = 0; i < 33; ++i) shown(i);
  const auto coasting = shown(33);
  ASSERT_EQ(coasting.size(), 1U);
  EXPECT_TRUE(coasting[0].coasting);
  for (int i = 34; i < 51; ++i) shown(i);
  EXPECT_TRUE(shown(51).empty()) << "what is followed alone ends as what is predicted";
}

TEST_F(FollowTest, WhatIsHiddenCoasts) {
  for (int i = 0; i < 22; ++i) shown(i);
  const auto tracks = shown(22, true);
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_TRUE(tracks[0].coasting);
}

TEST_F(FollowTest, WhatALookMissedCoasts) {
  for (int i = 0; i < 20; ++i) shown(i);
  for (int i = 20; i < 23; ++i) {
    const auto tracks = shown(i, false, false, true);
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_TRUE(tracks[0].coasting) << i;
  }
}

TEST_F(FollowTest, AnOutlineDoesNotMoveABoxThatThePictureHolds) {
  std::vector<Track> tracks;
  for (int i = 0; i < 24; ++i) tracks = shown(i, false, true);
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_NEAR(tracks[0].box.width, 60, 2);
  EXPECT_GT(tracks[0].detections, 12) << "it supports the track";
}

TEST_F(FollowTest, CanBeLeftOut) {
  TrackerSettings settings;
  settings.follow_s = 0;
  tracker_ = Tracker(settings);
  for (int i = 0; i < 22; ++i) shown(i);
  const auto tracks = shown(22);
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_TRUE(tracks[0].coasting);
}

TEST_F(TrackerTest, IsBuiltFromConfiguration) {
  const auto json = nlohmann::json::parse(R"({"strong_score":0.4,"new_score":0.3,
      "confirm_score":0.5,"confirm_detections":1,"confirm_s":0,"new_coast_s":0.2,"coast_s":0.5,"follow_s":0.2,
      "most_tracks":4})");
  ConfigReader config(json, "rearview.json");
  const auto stage = Tracker::kType.make(config);
  config.finish();
  Analysis analysis;
  analysis.detections = {car(300, 200, 60, 40)};
  test::Shown().show(*stage, *test::frame_at(0, 0, planes_), analysis);
  EXPECT_EQ(analysis.tracks.size(), 1U);
  const auto wrong = nlohmann::json::parse(R"({"coast_s":50})");
  ConfigReader bad(wrong, "rearview.json");
  EXPECT_THROW(Tracker::kType.make(bad), UsageError);
}

}  // namespace
}  // namespace rearview
