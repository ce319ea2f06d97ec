#include "app/best_views.h"

#include <gtest/gtest.h>

#include "tests/support/frames.h"

namespace rearview {
namespace {

/// Plays one vehicle, and asks how it looked best.
class BestViewsTest : public testing::Test {
 protected:
  void see(double t_s, const std::vector<Track>& tracks, std::uint32_t epoch = 1) {
    auto analysis = std::make_shared<Analysis>();
    analysis->epoch = epoch;
    analysis->t_s = t_s;
    analysis->tracks = tracks;
    views_.see(
        {testing_support::frame_of(testing_support::flat_planes({640, 360}, 100)), analysis});
  }
  static Track vehicle(const cv::Rect2f& box, int threat = 1, int id = 7) {
    Track track;
    track.id = id;
    track.box = box;
    track.threat = threat;
    return track;
  }
  /// When the best look at it was.
  std::optional<double> best_s(int id = 7) const {
    const auto view = views_.of(id);
    return view ? std::optional(view->analysis->t_s) : std::nullopt;
  }

  BestViews views_;
};

TEST_F(BestViewsTest, TheLargestWholeLookIsBest) {
  see(1.0, {vehicle({300, 150, 40, 30})});
  see(1.1, {vehicle({350, 150, 90, 80})});
  see(1.2, {vehicle({330, 150, 60, 50})});
  EXPECT_EQ(best_s(), 1.1);
  see(1.3, {vehicle({400, 60, 240, 300})});  // cut by the edge
  EXPECT_EQ(best_s(), 1.1);
}

TEST_F(BestViewsTest, APartIsBetterThanNothing) {
  see(1.0, {vehicle({560, 100, 80, 100})});
  see(1.1, {vehicle({400, 60, 240, 300})});
  EXPECT_EQ(best_s(), 1.1);
}

TEST_F(BestViewsTest, OnlyThreatsThatAreSeenCount) {
  see(1.0, {vehicle({350, 150, 90, 80}, 0)});
  EXPECT_FALSE(best_s());
  Track predicted = vehicle({350, 150, 90, 80});
  predicted.unseen_s = 0.1;
  see(1.1, {predicted});
  EXPECT_FALSE(best_s());
}

TEST_F(BestViewsTest, IsKeptForThePassAndNoLonger) {
  see(1.0, {vehicle({350, 150, 90, 80})});
  see(2.5, {});
  EXPECT_EQ(best_s(), 1.0);
  see(4.5, {});
  EXPECT_FALSE(best_s());
}

TEST_F(BestViewsTest, ANewConnectionForgets) {
  see(1.0, {vehicle({350, 150, 90, 80})});
  see(0.1, {}, 2);
  EXPECT_FALSE(best_s());
}

TEST_F(BestViewsTest, HoldsAFewFramesAtMost) {
  for (int id = 1; id <= 20; ++id) see(1.0, {vehicle({350, 150, 90, 80}, 1, id)});
  int kept = 0;
  for (int id = 1; id <= 20; ++id) kept += best_s(id) ? 1 : 0;
  EXPECT_EQ(kept, 8);
}

}  // namespace
}  // namespace rearview
