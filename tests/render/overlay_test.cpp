#include "render/overlay.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "tests/support/frames.h"

namespace rearview {
namespace {

using testing_support::flat_planes;
using testing_support::frame_of;

constexpr int kGrey = 126;  // limited-range luma of BGR 128

const cv::Size kSize(640, 360);
const cv::Rect2f kBox(300, 150, 60, 48);

cv::Mat difference(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference;
  cv::absdiff(a, b, difference);
  cv::Mat any;
  cv::extractChannel(difference, any, 0);
  for (const int c : {1, 2}) {
    cv::Mat channel;
    cv::extractChannel(difference, channel, c);
    any |= channel;
  }
  return any;
}

int changed_pixels(const cv::Mat& a, const cv::Mat& b, const cv::Rect& where) {
  return cv::countNonZero(difference(a, b)(where));
}

Analysis analysis_with(int threat) {
  Analysis analysis;
  analysis.road = threat >= 2 ? Road::danger : threat ? Road::approaching : Road::following;
  Track track;
  track.box = kBox;
  track.threat = threat;
  track.motion = threat ? Motion::approaching : Motion::holding;
  if (threat) track.ttc_s = 2.5;
  track.side = Side::left;
  analysis.tracks.push_back(track);
  return analysis;
}

class Overlay : public testing::Test {
 protected:
  std::shared_ptr<Frame> frame_ = frame_of(flat_planes(kSize, kGrey));
};

TEST_F(Overlay, DrawsOnACopy) {
  const cv::Mat before = frame_->bgr().clone();
  draw_overlay(*frame_, analysis_with(2));
  EXPECT_EQ(cv::norm(before, frame_->bgr(), cv::NORM_INF), 0);
}

TEST_F(Overlay, MarksTheBoxAndLeavesTheVehicleVisible) {
  const cv::Mat drawn = draw_overlay(*frame_, analysis_with(1));
  const cv::Rect corner(static_cast<int>(kBox.x) - 3, static_cast<int>(kBox.y) - 3, 8, 8);
  EXPECT_GT(changed_pixels(drawn, frame_->bgr(), corner), 20);
  const cv::Rect middle(315, 165, 30, 18);
  EXPECT_EQ(changed_pixels(drawn, frame_->bgr(), middle), 0);
}

TEST_F(Overlay, DrawsNoBoxWhereNothingHasBeenSeenForLong) {
  Analysis analysis = analysis_with(2);
  const cv::Mat empty = [&] {
    Analysis nobody = analysis;
    nobody.tracks.clear();
    return draw_overlay(*frame_, nobody);
  }();
  analysis.tracks[0].unseen_s = 0.2;  // missed for some pictures
  EXPECT_GT(cv::countNonZero(difference(draw_overlay(*frame_, analysis), empty)), 0);
  analysis.tracks[0].box.x = 600;  // it was leaving
  EXPECT_EQ(cv::countNonZero(difference(draw_overlay(*frame_, analysis), empty)), 0);
  analysis.tracks[0].unseen_s = 0.07;
  EXPECT_GT(cv::countNonZero(difference(draw_overlay(*frame_, analysis), empty)), 0);
  analysis.tracks[0].box.x = kBox.x;
  analysis.tracks[0].unseen_s = 0.5;
  EXPECT_EQ(cv::countNonZero(difference(draw_overlay(*frame_, analysis), empty)), 0);
}

TEST_F(Overlay, WordsOfAQuietVehicleDontCoverThoseOfAThreat) {
  const Analysis alone = analysis_with(2);
  Analysis both = alone;
  Track behind;
  behind.box = {kBox.x - 20, kBox.y, kBox.width, kBox.height};
  behind.distance_m = 27;
  both.tracks.push_back(behind);
  // Where the threat's words stand; beside them is what is seen of the other's box.
  const cv::Rect words(static_cast<int>(kBox.x), 128, 90, 18);
  const cv::Mat one = draw_overlay(*frame_, alone);
  const cv::Mat two = draw_overlay(*frame_, both);
  EXPECT_GT(changed_pixels(one, frame_->bgr(), words), 500);
  EXPECT_EQ(changed_pixels(two, one, words), 0);
  // Its own words stand below it.
  const cv::Rect below(static_cast<int>(behind.box.x), 200, 60, 14);
  EXPECT_GT(changed_pixels(two, one, below), 300);
}

TEST_F(Overlay, WordsOfAQuietVehicleDontCoverAThreat) {
  Analysis one = analysis_with(2);
  Track piece;
  piece.box = {kBox.x + 5, kBox.y + 36, 30, 14};
  one.tracks.push_back(piece);
  Analysis other = one;
  other.tracks[1].distance_m = 27;
  const cv::Mat drawn = difference(draw_overlay(*frame_, one), draw_overlay(*frame_, other));
  EXPECT_GT(cv::countNonZero(drawn), 0);
  EXPECT_EQ(cv::countNonZero(drawn(cv::Rect(kBox))), 0);
}

TEST_F(Overlay, AQuietVehicleWithoutRoomGoesWithoutWords) {
  Analysis threats = analysis_with(2);
  threats.tracks.push_back(threats.tracks[0]);
  threats.tracks[1].box.y += 70;  // its words stand below the first one's box
  Analysis all = threats;
  Track between;
  between.box = {kBox.x - 10, kBox.y, kBox.width, kBox.height};
  threats.tracks.push_back(between);
  Analysis other_words = threats;
  other_words.tracks[2].distance_m = 27;
  EXPECT_EQ(cv::countNonZero(
                difference(draw_overlay(*frame_, threats), draw_overlay(*frame_, other_words))),
            0);
}

TEST_F(Overlay, EachThreatLooksDifferent) {
  const cv::Mat none = draw_overlay(*frame_, analysis_with(0));
  const cv::Mat approaching = draw_overlay(*frame_, analysis_with(1));
  const cv::Mat fast = draw_overlay(*frame_, analysis_with(2));
  const cv::Rect edge(0, 170, 4, 20);
  EXPECT_EQ(changed_pixels(none, frame_->bgr(), edge), 0);
  EXPECT_EQ(changed_pixels(approaching, frame_->bgr(), edge), edge.area());
  EXPECT_EQ(changed_pixels(approaching, fast, edge), edge.area());
}

TEST_F(Overlay, EveryStateOfTheRoadLooksDifferent) {
  std::vector<cv::Mat> drawn;
  for (const Road road : {Road::unknown, Road::clear, Road::following, Road::approaching,
                          Road::danger, Road::blind, Road::no_signal}) {
    Analysis analysis;
    analysis.road = road;
    drawn.push_back(draw_overlay(*frame_, analysis));
    for (std::size_t i = 0; i + 1 < drawn.size(); ++i)
      EXPECT_GT(cv::countNonZero(difference(drawn[i], drawn.back())), 100) << i;
  }
}

TEST_F(Overlay, FailureAndBlindnessCoverThePicture) {
  Analysis failed = analysis_with(0);
  failed.state = AnalysisState::failed;
  Analysis blind;
  blind.road = Road::blind;
  for (const Analysis& analysis : {failed, blind}) {
    const cv::Mat drawn = draw_overlay(*frame_, analysis);
    EXPECT_GT(changed_pixels(drawn, frame_->bgr(), cv::Rect(cv::Point(), kSize)),
              kSize.area() * 99 / 100);
  }
}

TEST_F(Overlay, LatenessIsMarked) {
  Analysis late = analysis_with(0);
  const cv::Mat in_time = draw_overlay(*frame_, late);
  late.state = AnalysisState::degraded;
  late.text = "310 ms behind";
  const cv::Mat drawn = draw_overlay(*frame_, late);
  EXPECT_GT(cv::countNonZero(difference(drawn, in_time)), 500);
  const cv::Rect word(0, 0, kSize.width / 2, kSize.height / 8);
  EXPECT_GT(changed_pixels(drawn, in_time, word), 500) << "no calming colour";
}

TEST_F(Overlay, AStalePictureShowsNoBoxes) {
  const OverlayWarning warning{"NO SIGNAL", "no picture for 2 s"};
  const cv::Mat stale = draw_stale_overlay(*frame_, warning);
  EXPECT_GT(changed_pixels(stale, frame_->bgr(), cv::Rect(cv::Point(), kSize)),
            kSize.area() * 99 / 100);
  EXPECT_EQ(draw_without_frame(kSize, warning).size(), kSize);
}

TEST_F(Overlay, SurvivesBoxesOutsideThePictureAndAnyText) {
  Analysis analysis = analysis_with(2);
  for (const cv::Rect2f box : {cv::Rect2f(-500, -500, 100, 100), cv::Rect2f(600, 340, 900, 900),
                               cv::Rect2f(10, 10, 0, 0), cv::Rect2f(-50, -50, 2000, 2000)}) {
    Track track = analysis.tracks.front();
    track.box = box;
    analysis.tracks.push_back(track);
  }
  analysis.state = AnalysisState::degraded;
  analysis.text = std::string(500, 'x') + "\xff\xfe";
  EXPECT_EQ(draw_overlay(*frame_, analysis).size(), kSize);
  EXPECT_EQ(draw_overlay(*frame_of(flat_planes({16, 16}, kGrey)), analysis).size(),
            cv::Size(16, 16));
}

}  // namespace
}  // namespace rearview
