#include "evaluate/truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace rearview {
namespace {

using testing::HasSubstr;

const cv::Size kClipSize(640, 360);

class ReadTruthTest : public testing::Test {
 protected:
  Truth read(const std::string& json) const {
    const auto file = folder_ / "clip.truth.json";
    std::ofstream(file) << json;
    return read_truth(file);
  }
  std::string refusal(const std::string& json) const {
    try {
      read(json);
    } catch (const UsageError& e) {
      return e.what();
    }
    return "no error";
  }

  const TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

TEST_F(ReadTruthTest, ReadsEverythingThatIsScored) {
  const Truth truth = read(R"({"input":"clip.h264","fps":30,"duration_s":9.5,"events":[
      {"id":1,"class":"car","side":"left","t_visible_s":2.0,"t_pass_s":8.4,
       "box_at_pass":[0,1,2,3],"lateral_m":1.2,"pass_seen":false,"side_uncertain":true,
       "track":[[2.0,10,20,30,40,25.5],[2.1,11,20,30,40,null],[2.2,12,20,30,40]]}],
      "others":[{"id":"o1","kind":"parked","t0_s":1,"t1_s":2,"track":[]}],
      "ignore":[[0,0.5],[9,9.5]],"notes":"something more"})");
  EXPECT_EQ(truth.input, folder_ / "clip.h264");
  EXPECT_EQ(truth.fps, 30);
  EXPECT_EQ(truth.duration_s, 9.5);
  ASSERT_EQ(truth.events.size(), 1U);
  const TruthEvent& event = truth.events[0];
  EXPECT_EQ(event.id, "1");
  EXPECT_EQ(event.side, "left");
  EXPECT_EQ(event.t_pass_s, 8.4);
  EXPECT_EQ(event.lateral_m, 1.2);
  EXPECT_FALSE(event.pass_seen);
  EXPECT_TRUE(event.side_uncertain);
  EXPECT_EQ(event.track.box_at(2.1).x, 11);
  EXPECT_EQ(event.track.distance_at(2.0), 25.5);
  ASSERT_EQ(truth.others.size(), 1U);
  EXPECT_EQ(truth.others[0].id, "o1");
  EXPECT_TRUE(truth.others[0].track.empty());
  EXPECT_TRUE(truth.ignored(0.5));
  EXPECT_FALSE(truth.ignored(0.6));
}

TEST_F(ReadTruthTest, OnlyTheInputTheRateAndTheEventsAreNeeded) {
  const Truth truth = read(R"({"input":"/tmp/clip.h264","fps":25,"events":[]})");
  EXPECT_EQ(truth.input, "/tmp/clip.h264");
  EXPECT_FALSE(truth.duration_s);
}

TEST_F(ReadTruthTest, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_THAT(refusal(R"({"fps":30,"events":[]})"), HasSubstr("/input: is missing"));
  EXPECT_THAT(refusal(R"({"input":"a","events":[]})"), HasSubstr("/fps: is missing"));
  EXPECT_THAT(refusal(R"({"input":"a","fps":0,"events":[]})"), HasSubstr("/fps: 0 is not"));
  EXPECT_THAT(refusal(R"({"input":"a","fps":30})"), HasSubstr("/events: is missing"));
  EXPECT_THAT(refusal(R"({"input":"a","fps":30,"events":{}})"), HasSubstr("/events: is not"));
  EXPECT_THAT(refusal(R"([1])"), HasSubstr("is not an object"));
  EXPECT_THAT(refusal("{"), HasSubstr("parse error"));
  const auto event = [&](const std::string& members) {
    return refusal(R"({"input":"a","fps":30,"events":[{"id":1,"t_visible_s":1,"t_pass_s":2},{)" +
                   members + "}]}");
  };
  EXPECT_THAT(event(R"("t_visible_s":1,"t_pass_s":2)"), HasSubstr("/events/1/id: is missing"));
  EXPECT_THAT(event(R"("id":2,"t_visible_s":3,"t_pass_s":2)"),
              HasSubstr("/events/1/t_pass_s: lies before t_visible_s"));
  EXPECT_THAT(event(R"("id":2,"t_visible_s":"3","t_pass_s":2)"),
              HasSubstr("/events/1/t_visible_s: \"3\" is not a number"));
  const auto track = [&](const std::string& samples) {
    return event(R"("id":2,"t_visible_s":1,"t_pass_s":2,"track":)" + samples);
  };
  EXPECT_THAT(track("3"), HasSubstr("/events/1/track: is not an array"));
  EXPECT_THAT(track("[[1,2,3,4]]"), HasSubstr("/events/1/track: entry 0 is not [t_s"));
  EXPECT_THAT(track("[[1,2,3,4,5],[1,2,3,4,5]]"), HasSubstr("entry 1 is not later"));
  EXPECT_THAT(track("[[1,2,3,-4,5]]"), HasSubstr("entry 0 has a side below 0"));
  EXPECT_THAT(track("[[1,2,3,4,5,-6]]"), HasSubstr("entry 0 has a distance"));
  EXPECT_THAT(track("[[1,2,null,4,5]]"), HasSubstr("entry 0 has something"));
  EXPECT_THAT(
      refusal(R"({"input":"a","fps":30,"events":[],"others":[{"id":1,"t0_s":0,"t1_s":1}]})"),
      HasSubstr("/others/0/kind: is missing"));
  EXPECT_THAT(refusal(R"({"input":"a","fps":30,"events":[],"ignore":[[2,1]]})"),
              HasSubstr("/ignore: entry 0 is not [t0_s, t1_s]"));
}

TEST_F(ReadTruthTest, ReadsTheReferenceClips) {
  const char* assets = std::getenv("REARVIEW_ASSETS");
  if (!assets) GTEST_SKIP() << "REARVIEW_ASSETS is not set";
  const auto clips = std::filesystem::path(assets) / "clips";
  if (!std::filesystem::is_directory(clips)) GTEST_SKIP() << "there are no " << clips;
  for (const auto& entry : std::filesystem::directory_iterator(clips)) {
    if (!entry.path().string().ends_with(".truth.json")) continue;
    const Truth truth = read_truth(entry.path());
    EXPECT_TRUE(std::filesystem::exists(truth.input)) << truth.input;
    for (const TruthEvent& event : truth.events)
      EXPECT_LE(event.t_visible_s, event.t_pass_s) << entry.path() << " " << event.id;
  }
}

TEST(TruthTrack, InterpolatesBetweenItsSamplesAndHoldsItsEnds) {
  const TruthTrack track({{1, {0, 0, 10, 10}, 20.0}, {2, {10, 4, 20, 30}, 10.0}});
  EXPECT_EQ(track.box_at(1.5), cv::Rect2f(5, 2, 15, 20));
  EXPECT_EQ(track.box_at(0), cv::Rect2f(0, 0, 10, 10));
  EXPECT_EQ(track.box_at(9), cv::Rect2f(10, 4, 20, 30));
  EXPECT_EQ(track.distance_at(1.5), 15);
  EXPECT_FALSE(track.distance_at(0.5));
  EXPECT_FALSE(track.distance_at(2.5));
}

TruthTrack approach(bool with_distance, double closing_mps) {
  std::vector<TruthSample> samples;
  for (int i = 0; i <= 30; ++i) {
    const double t = i / 10.0;
    const double distance = 30 - closing_mps * t;
    const auto h = static_cast<float>(600 / distance);
    samples.push_back({t, {300, 150, 1.4F * h, h}, std::nullopt});
    if (with_distance) samples.back().distance_m = distance;
  }
  return TruthTrack(std::move(samples));
}

TEST(TruthTrack, TimeToContactComesFromDistancesOrElseFromGrowth) {
  const auto known = approach(true, 6).closing_at(2, kClipSize);
  ASSERT_TRUE(known);
  EXPECT_NEAR(known->ttc_s, 3, 1e-6);
  EXPECT_NEAR(*known->closing_mps, 6, 1e-6);
  const auto grown = approach(false, 6).closing_at(2, kClipSize);
  ASSERT_TRUE(grown);
  EXPECT_NEAR(grown->ttc_s, 3, 0.05);
  EXPECT_FALSE(grown->closing_mps);
}

TEST(TruthTrack, NoTimeToContactWhereNothingClosesInOrTooLittleIsKnown) {
  EXPECT_FALSE(approach(true, 0).closing_at(2, kClipSize));
  EXPECT_FALSE(approach(true, -3).closing_at(2, kClipSize));
  EXPECT_FALSE(approach(false, -3).closing_at(2, kClipSize));
  EXPECT_FALSE(approach(true, 1).closing_at(2, kClipSize)) << "28 s";
  EXPECT_FALSE(approach(true, 6).closing_at(9, kClipSize)) << "long after the last sample";
}

TEST(TruthTrack, BoxesThatTheBorderCutsDontCountAsGrowth) {
  std::vector<TruthSample> samples;
  std::vector<TruthSample> higher;
  for (int i = 0; i <= 10; ++i) {  // grows by 10 pixels in a second
    const auto grown = static_cast<float>(i);
    samples.push_back({i / 10.0, {300, 300 - grown, 90, 60 + grown}, std::nullopt});
    higher.push_back({i / 10.0, {300, 200 - grown, 90, 60 + grown}, std::nullopt});
  }
  EXPECT_FALSE(TruthTrack(samples).closing_at(0.5, kClipSize));
  EXPECT_TRUE(TruthTrack(higher).closing_at(0.5, kClipSize));
}

}  // namespace
}  // namespace rearview
