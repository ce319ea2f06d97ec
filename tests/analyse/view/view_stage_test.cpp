#include "analyse/view/view_stage.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "tests/analyse/frames.h"
#include "tests/analyse/textured_road.h"

namespace rearview {
namespace {

Planes planes_of(const cv::Mat& luma) {
  Planes planes = test::flat_planes(luma.size(), 100);
  luma.copyTo(planes.y);
  return planes;
}

/// A wall of houses that goes by, two pixels a picture, with a sensor's noise.
cv::Mat road(int n) {
  static const cv::Mat wall = [] {
    cv::Mat texture = test::texture({1600, 360}, 3, 25);
    cv::RNG random(4);
    for (int i = 0; i < 250; ++i) {
      const cv::Point corner(random.uniform(0, 1580), random.uniform(0, 340));
      const cv::Size size(random.uniform(8, 60), random.uniform(8, 60));
      cv::rectangle(texture, cv::Rect(corner, size), cv::Scalar(random.uniform(30, 210)), -1);
    }
    return texture;
  }();
  cv::Mat luma = wall(cv::Rect(2 * n % 900, 0, 640, 360)).clone();
  cv::Mat noise(luma.size(), CV_8UC1);
  cv::RNG(static_cast<std::uint64_t>(n) + 1).fill(noise, cv::RNG::UNIFORM, 0, 6);
  luma += noise;
  return luma;
}

/// Shows pictures to the stage at 30 a second.
class Viewer {
 public:
  Analysis show(const cv::Mat& luma, double then_s = 1.0 / 30) {
    const FramePtr frame = test::frame_at(t_s_, ++seq_, planes_of(luma));
    Analysis analysis;
    analysis.t_s = t_s_;
    test::Shown().show(stage_, *frame, analysis);
    for (const Alert& alert : analysis.alerts) alerts.push_back(alert);
    t_s_ += then_s;
    return analysis;
  }
  void reset() { stage_.reset(); }
  Analysis show_for(double seconds, const std::function<cv::Mat(int)>& picture) {
    Analysis last;
    for (int n = 0; n < static_cast<int>(seconds * 30); ++n) last = show(picture(n));
    return last;
  }
  std::vector<Alert> alerts;

 private:
  ViewStage stage_{ViewConfig{}};
  double t_s_ = 0;
  std::uint64_t seq_ = 0;
};

TEST(ViewStage, ARoadIsNotBlind) {
  Viewer viewer;
  const Analysis last = viewer.show_for(3, road);
  EXPECT_EQ(last.road, Road::unknown);
  EXPECT_TRUE(viewer.alerts.empty());
  ASSERT_TRUE(last.view);
  EXPECT_EQ(last.view->shown, cv::Rect2f(0, 0, 640, 360));
}

// It was told as blocked: a new connection to the same dark picture doesn't take that back unsaid.
TEST(ViewStage, ABlockedViewOutlivesAReconnection) {
  Viewer viewer;
  const auto dark = [](int) { return cv::Mat(360, 640, CV_8UC1, cv::Scalar(18)); };
  viewer.show_for(2, dark);
  ASSERT_EQ(viewer.alerts.size(), 1U);
  viewer.reset();
  EXPECT_EQ(viewer.show_for(0.1, dark).road, Road::blind);
  EXPECT_EQ(viewer.show_for(0.1, road).road, Road::blind);
  EXPECT_EQ(viewer.show_for(2, road).road, Road::unknown);
  ASSERT_EQ(viewer.alerts.size(), 2U);
  EXPECT_EQ(viewer.alerts[1].kind, AlertKind::camera_back);
}

void expect_blind(const std::function<cv::Mat(int)>& picture, const std::string& why) {
  Viewer viewer;
  viewer.show_for(1, road);
  const Analysis last = viewer.show_for(4, picture);
  EXPECT_EQ(last.road, Road::blind);
  EXPECT_NE(last.text.find(why), std::string::npos) << last.text;
  ASSERT_EQ(viewer.alerts.size(), 1U) << "once on entry";
  EXPECT_EQ(viewer.alerts[0].kind, AlertKind::view_blocked);
  EXPECT_EQ(viewer.alerts[0].text, last.text);
  const ViewConfig config;
  EXPECT_NEAR(std::get<AlertBlindness>(viewer.alerts[0].about).blind_s,
              why == "frozen" ? config.frozen_s : config.enter_s, 0.1);
  const Analysis free = viewer.show_for(2, road);
  EXPECT_EQ(free.road, Road::unknown);
  ASSERT_EQ(viewer.alerts.size(), 2U);
  EXPECT_EQ(viewer.alerts[1].kind, AlertKind::camera_back);
}

cv::Mat noisy(int n, int level) {
  cv::Mat luma(360, 640, CV_8UC1, cv::Scalar(level));
  cv::Mat noise(luma.size(), CV_8UC1);
  cv::RNG random(static_cast<std::uint64_t>(n) + 99);
  random.fill(noise, cv::RNG::UNIFORM, 0, 5);
  return luma + noise;
}

TEST(ViewStage, ACoveredLensIsBlind) {
  expect_blind([](int n) { return noisy(n, 17); }, "dark");
}

TEST(ViewStage, AWashedOutPictureIsBlind) {
  expect_blind([](int n) { return noisy(n, 228); }, "washed out");
}

TEST(ViewStage, APictureWithoutDetailIsBlind) {
  expect_blind(
      [](int n) {
        cv::Mat luma = noisy(n, 60);
        for (int y = 0; y < luma.rows; ++y) luma.row(y) += y / 6;
        return luma;
      },
      "no detail");
}

TEST(ViewStage, AFrozenPictureIsBlind) {
  expect_blind([](int) { return road(5); }, "frozen");
}

cv::Mat blurred(const cv::Mat& picture, double sigma) {
  cv::Mat soft;
  cv::GaussianBlur(picture, soft, {}, sigma);
  return soft;
}

TEST(ViewStage, APictureOutOfFocusIsBlind) {
  for (const double sigma : {4.0, 12.0})
    expect_blind([sigma](int n) { return blurred(road(n), sigma); }, "blurred");
}

TEST(ViewStage, ALittleBlurIsNoFault) {
  Viewer viewer;
  const Analysis last = viewer.show_for(3, [](int n) { return blurred(road(n), 1.2); });
  EXPECT_EQ(last.road, Road::unknown) << last.text;
}

/// What an encoder without bits leaves: a mean for each block, here of 8x8 pixels from `offset` on.
cv::Mat in_blocks(const cv::Mat& picture, int offset) {
  cv::Mat moved;
  cv::copyMakeBorder(picture, moved, offset, 8 - offset, offset, 8 - offset, cv::BORDER_REPLICATE);
  cv::Mat means;
  cv::resize(moved, means, moved.size() / 8, 0, 0, cv::INTER_AREA);
  cv::resize(means, moved, moved.size(), 0, 0, cv::INTER_NEAREST);
  return moved(cv::Rect({offset, offset}, picture.size())).clone();
}

TEST(ViewStage, APictureInBlocksIsBlind) {
  expect_blind([](int n) { return in_blocks(road(n), 0); }, "blocks");
}

TEST(ViewStage, BlocksThatShowALittleAreNoFault) {
  Viewer viewer;
  const Analysis last = viewer.show_for(
      3, [](int n) -> cv::Mat { return 0.2 * in_blocks(road(n), 0) + 0.8 * road(n); });
  EXPECT_EQ(last.road, Road::unknown) << last.text;
}

// Tiles, windows, fences: what is regular in the world lies anywhere, not where an encoder cuts.
TEST(ViewStage, WhatIsRegularInTheWorldIsNoFault) {
  Viewer viewer;
  const Analysis last = viewer.show_for(3, [](int n) { return in_blocks(road(n), 3); });
  EXPECT_EQ(last.road, Road::unknown) << last.text;
}

TEST(ViewStage, NothingButNoiseIsBlind) {
  expect_blind(
      [](int n) {
        cv::Mat luma(360, 640, CV_8UC1);
        cv::RNG random(static_cast<std::uint64_t>(n) + 7);
        random.fill(luma, cv::RNG::NORMAL, 126, 40);
        return luma;
      },
      "noise");
}

TEST(ViewStage, APictureCoveredInPartIsBlindAndSaysWhere) {
  const auto covered = [](cv::Rect area) {
    return [area](int n) {
      cv::Mat luma = road(n);
      noisy(n, 60)(area).copyTo(luma(area));
      return luma;
    };
  };
  expect_blind(covered({0, 60, 640, 300}), "shows no detail");
  expect_blind(covered({0, 0, 640, 250}), "shows no detail");
  expect_blind(covered({0, 0, 320, 360}), "the left of the picture shows nothing");
  expect_blind(covered({320, 0, 320, 360}), "the right of the picture shows nothing");
  expect_blind(covered({130, 0, 380, 360}), "the middle of the picture shows nothing");
}

// Its own edge is no detail, wherever it lies.
TEST(ViewStage, ACoverWhoseEdgeLiesAtTheHorizonIsBlind) {
  const auto covered = [](const std::vector<cv::Point>& corners) {
    return [corners](int n) {
      cv::Mat luma = road(n);
      cv::fillConvexPoly(luma, corners, cv::Scalar(64));
      return luma;
    };
  };
  const auto rows = [&](int from, int to) {
    return covered({{0, from}, {639, from}, {639, to}, {0, to}});
  };
  for (const auto& picture : {rows(130, 359), rows(150, 359), rows(180, 359), rows(0, 200),
                              rows(0, 230), covered({{0, 60}, {639, 250}, {639, 359}, {0, 359}})}) {
    Viewer viewer;
    viewer.show_for(6, road);
    EXPECT_EQ(viewer.show_for(1, picture).road, Road::blind);
    EXPECT_EQ(viewer.show_for(12, picture).road, Road::blind) << "it becomes no habit";
    EXPECT_EQ(viewer.show_for(2, road).road, Road::unknown);
  }
  // From the first picture on, too.
  Viewer viewer;
  EXPECT_EQ(viewer.show_for(1, rows(140, 359)).road, Road::blind);
}

TEST(ViewStage, BlackThatComesFromTheSidesIsNoBarButACover) {
  const auto slit = [](int n) {
    cv::Mat luma = road(n);
    luma.colRange(0, 250).setTo(16);
    luma.colRange(390, 640).setTo(16);
    return luma;
  };
  Viewer viewer;
  viewer.show_for(6, road);
  EXPECT_EQ(viewer.show_for(1, slit).road, Road::blind);
  EXPECT_EQ(viewer.show_for(5, slit).road, Road::blind);
}

// It shows tarmac, sharp and moving, where the world was.
cv::Mat tarmac(int n) {
  cv::Mat luma(360, 640, CV_8UC1, cv::Scalar(110));
  cv::line(luma, {300, 0}, {330, 359}, cv::Scalar(200), 6);
  cv::Mat noise(luma.size(), CV_8UC1);
  cv::RNG(static_cast<std::uint64_t>(n) + 1).fill(noise, cv::RNG::UNIFORM, 0, 6);
  luma += noise;
  return luma;
}

TEST(ViewStage, ACameraThatHasSlippedIsBlind) {
  Viewer viewer;
  viewer.show_for(6, road);
  EXPECT_EQ(viewer.show_for(1.5, tarmac).road, Road::blind);
}

/// A flap whose slanting edge leaves less than half of the road: nothing but what it takes away
/// tells that it is there.
cv::Mat under_a_flap(int n) {
  cv::Mat luma = road(n);
  cv::Mat flap(luma.size(), CV_8UC1, cv::Scalar(0));
  const std::vector<cv::Point> corners{{0, 135}, {639, 225}, {639, 359}, {0, 359}};
  cv::fillConvexPoly(flap, corners, cv::Scalar(255));
  noisy(n, 110).copyTo(luma, flap);
  return luma;
}

// What is known of the camera's view by what it showed before is known behind a cut, too.
TEST(ViewStage, WhatIsBlindByComparisonStaysSoBehindAReconnection) {
  Viewer viewer;
  viewer.show_for(6, road);
  const Analysis before = viewer.show_for(1.5, under_a_flap);
  ASSERT_EQ(before.road, Road::blind);
  ASSERT_NE(before.text.find("much of what this camera saw is gone"), std::string::npos)
      << before.text;
  viewer.reset();
  EXPECT_EQ(viewer.show_for(5, under_a_flap).road, Road::blind);
  EXPECT_EQ(viewer.alerts.size(), 1U);
}

TEST(ViewStage, ACoverThatComesWhileTheConnectionIsCutIsBlind) {
  Viewer viewer;
  viewer.show_for(6, road);
  viewer.reset();
  EXPECT_EQ(viewer.show_for(1.5, under_a_flap).road, Road::blind);
}

TEST(ViewStage, AFrozenPictureStaysBlindBehindReconnections) {
  Viewer viewer;
  viewer.show_for(1, road);
  viewer.show_for(2, [](int) { return road(5); });
  for (int i = 0; i < 3; ++i) {
    viewer.reset();
    EXPECT_EQ(viewer.show_for(1.2, [](int) { return road(5); }).road, Road::blind);
  }
  EXPECT_EQ(viewer.alerts.size(), 1U);
  EXPECT_EQ(viewer.show_for(2, road).road, Road::unknown);
}

TEST(ViewStage, ACoverThatComesWhileTheConnectionIsCutIsNoBar) {
  const auto slit = [](int n) {
    cv::Mat luma = road(n);
    luma(cv::Rect(0, 0, 640, 130)).setTo(17);
    luma(cv::Rect(0, 230, 640, 130)).setTo(17);
    return luma;
  };
  Viewer viewer;
  viewer.show_for(6, road);
  viewer.reset();
  const Analysis last = viewer.show_for(4, slit);
  EXPECT_EQ(last.road, Road::blind) << last.view->shown;
}

TEST(ViewStage, ASmallCoverIsNoFault) {
  Viewer viewer;
  const Analysis last = viewer.show_for(3, [](int n) {
    cv::Mat luma = road(n);
    const cv::Rect strap(0, 0, 130, 360);
    noisy(n, 60)(strap).copyTo(luma(strap));
    return luma;
  });
  EXPECT_EQ(last.road, Road::unknown) << last.text;
}

/// Shows the road at another rate, for long enough to tell.
Analysis at_rate(Viewer& viewer, double rate_per_s) {
  Analysis last;
  for (int n = 0; n < static_cast<int>(4 * rate_per_s) + 2; ++n)
    last = viewer.show(road(n), 1 / rate_per_s);
  return last;
}

TEST(ViewStage, TooFewPicturesAreBlindAndFewAreDegraded) {
  Viewer slow;
  EXPECT_EQ(at_rate(slow, 1.5).road, Road::blind);
  ASSERT_EQ(slow.alerts.size(), 1U);
  EXPECT_NE(slow.alerts[0].text.find("too slow to warn"), std::string::npos);
  EXPECT_EQ(at_rate(slow, 30).road, Road::unknown);

  Viewer few;
  const Analysis degraded = at_rate(few, 6);
  EXPECT_EQ(degraded.road, Road::unknown);
  EXPECT_EQ(degraded.state, AnalysisState::degraded);
  EXPECT_NE(degraded.text.find("6 pictures a second"), std::string::npos) << degraded.text;

  Viewer enough;
  EXPECT_EQ(at_rate(enough, 10).state, AnalysisState::ok);
  EXPECT_TRUE(enough.alerts.empty());
}

TEST(ViewStage, APauseIsNoLowRate) {
  Viewer viewer;
  viewer.show_for(2, road);
  for (int pause = 0; pause < 3; ++pause) {
    viewer.show(road(60), 1.5);
    viewer.show_for(2, road);
  }
  EXPECT_TRUE(viewer.alerts.empty());
}

TEST(ViewStage, PicturesSoFewThatEachIsAJumpAreBlindOnce) {
  Viewer viewer;
  Analysis last;
  for (int n = 0; n < 5; ++n) {
    viewer.reset();
    last = viewer.show(road(n), 2.5);
  }
  EXPECT_EQ(last.road, Road::blind);
  EXPECT_EQ(viewer.alerts.size(), 1U);
}

TEST(ViewStage, PicturesInBurstsAreFew) {
  Viewer viewer;
  Analysis last;
  for (int n = 0; n < 150; ++n) last = viewer.show(road(n), n % 30 == 29 ? 0.97 : 0.001);
  EXPECT_EQ(last.road, Road::blind);
  EXPECT_NE(last.text.find("too slow to warn"), std::string::npos) << last.text;
}

/// The road at so many new pictures a second, each repeated up to 30. It moves along as fast as
/// at 30.
Analysis repeated(Viewer& viewer, int new_per_s, double seconds) {
  const int times = 30 / new_per_s;
  return viewer.show_for(seconds, [times](int n) { return road(n / times * times * 3); });
}

TEST(ViewStage, RepeatsDontCountAsPictures) {
  for (const int rate : {1, 2, 3}) {
    Viewer viewer;
    const Analysis last = repeated(viewer, rate, 6);
    EXPECT_EQ(last.road, Road::blind) << rate;
    EXPECT_EQ(last.text, std::to_string(rate) + (rate == 1 ? " picture" : " pictures") +
                             " a second: too slow to warn");
  }
  Viewer few;
  EXPECT_EQ(repeated(few, 6, 6).state, AnalysisState::degraded);
  Viewer enough;
  const Analysis last = repeated(enough, 15, 6);
  EXPECT_EQ(last.state, AnalysisState::ok) << last.text;
  EXPECT_EQ(last.road, Road::unknown) << last.text;
}

TEST(ViewStage, ALiveCameraOfFewPicturesIsNotFrozen) {
  for (const double rate : {4.2, 5.0, 6.0}) {
    Viewer viewer;
    for (int n = 0; n < static_cast<int>(8 * rate); ++n) {
      const Analysis now = viewer.show(road(6 * n), 1 / rate);
      EXPECT_EQ(now.road, Road::unknown) << rate << " a second, picture " << n << ": " << now.text;
    }
    EXPECT_TRUE(viewer.alerts.empty());
  }
}

TEST(ViewStage, RepeatedPicturesAreNotFrozen) {
  Viewer viewer;
  // 10 pictures a second sent as 30, and 25 as 30.
  EXPECT_EQ(viewer.show_for(5, [](int n) { return road(n / 3); }).road, Road::unknown);
  EXPECT_EQ(viewer.show_for(5, [](int n) { return road(n - n / 6); }).road, Road::unknown);
  EXPECT_TRUE(viewer.alerts.empty());
}

TEST(ViewStage, ANightRoadWithLampsIsNotBlind) {
  Viewer viewer;
  const Analysis last = viewer.show_for(4, [](int n) {
    cv::Mat luma = noisy(n, 17);
    for (int i = 0; i < 5; ++i)
      cv::circle(luma, {100 + 110 * i, 60 + 12 * i}, 7, cv::Scalar(230), -1);
    cv::line(luma, {320, 180}, {200, 359}, cv::Scalar(120), 6);
    return luma;
  });
  EXPECT_EQ(last.road, Road::unknown);
  EXPECT_TRUE(viewer.alerts.empty());
}

TEST(ViewStage, OneDarkPictureIsNoFault) {
  Viewer viewer;
  viewer.show_for(1, road);
  viewer.show_for(0.3, [](int n) { return noisy(n, 17); });
  viewer.show_for(2, road);
  EXPECT_TRUE(viewer.alerts.empty());
}

TEST(ViewStage, FindsBlackBarsAndGivesThemUpWhenSomethingShowsThere) {
  Viewer viewer;
  const auto barred = [](int n) {
    cv::Mat luma = road(n);
    luma.colRange(0, 80).setTo(16);
    luma.colRange(560, 640).setTo(16);
    return luma;
  };
  const Analysis last = viewer.show_for(3, barred);
  ASSERT_TRUE(last.view);
  EXPECT_NEAR(last.view->shown.x, 80, 2);
  EXPECT_NEAR(last.view->shown.width, 480, 4);
  const Analysis free = viewer.show_for(1, road);
  EXPECT_EQ(free.view->shown, cv::Rect2f(0, 0, 640, 360));
}

}  // namespace
}  // namespace rearview
