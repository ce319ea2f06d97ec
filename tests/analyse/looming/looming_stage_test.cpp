#include "analyse/looming/looming_stage.h"

#include <gtest/gtest.h>

#include "analyse/common/boxes.h"
#include "tests/analyse/drawn_world.h"

namespace rearview {
namespace {

struct Watched {
  int frames = 0;
  int with_any = 0;  ///< frames with a detection
  int on_car = 0;    ///< frames with a detection that fits the car
  double first_on_car_s = -1;
  double growth_error = 0;  ///< mean relative error of the growth on the car
  std::vector<Detection> last;
};

Watched watch(const test::DrawnWorld& world, double from_s, double to_s, int repeats = 1) {
  LoomingStage stage{LoomingConfig{}};
  test::Shown shown_to;
  Watched watched;
  int measured = 0;
  std::uint64_t seq = 0;
  for (double t = from_s; t < to_s; t += 1.0 / 30) {
    const double shown = from_s + std::floor((t - from_s) * 30 / repeats + 1e-6) * repeats / 30;
    FramePtr frame = world.frame(shown, ++seq);
    auto now = test::frame_at(t, seq, frame->planes());
    Analysis analysis;
    shown_to.show(stage, *now, analysis);
    ++watched.frames;
    watched.with_any += !analysis.detections.empty();
    for (const Detection& detection : analysis.detections) {
      if (!world.with_car || iou(detection.box, world.car_box(shown)) < 0.4F) continue;
      ++watched.on_car;
      if (watched.first_on_car_s < 0) watched.first_on_car_s = t;
      const double truth = world.car_closing_mps / world.car_distance(shown);
      watched.growth_error += std::abs(*detection.growth_per_s - truth) / truth;
      ++measured;
      break;
    }
    watched.last = analysis.detections;
  }
  if (measured > 0) watched.growth_error /= measured;
  return watched;
}

TEST(LoomingStage, FindsACarThatComesUpAndHowFastItGrows) {
  const test::DrawnWorld world;
  const Watched watched = watch(world, 0, 3);
  EXPECT_GE(watched.first_on_car_s, 0) << "never found";
  EXPECT_LT(watched.first_on_car_s, 1.0);
  EXPECT_GT(watched.on_car, 50);
  EXPECT_LT(watched.growth_error, 0.2);
}

TEST(LoomingStage, FindsItThroughSaddleShake) {
  test::DrawnWorld world;
  world.shake_px = 4;
  const Watched watched = watch(world, 0, 3);
  EXPECT_GT(watched.on_car, 40);
  EXPECT_LT(watched.growth_error, 0.3);
}

TEST(LoomingStage, FindsItWhileTheRiderStands) {
  test::DrawnWorld world;
  world.rider_mps = 0;
  EXPECT_GT(watch(world, 0, 3).on_car, 40);
}

TEST(LoomingStage, FindsItWhenEachPictureComesThrice) {
  const test::DrawnWorld world;
  const Watched watched = watch(world, 0, 3, 3);
  EXPECT_GT(watched.on_car, 30);
  EXPECT_LT(watched.growth_error, 0.3);
}

TEST(LoomingStage, AWorldAtRestIsEmpty) {
  for (const double speed : {0.0, 3.0, 6.0, 12.0}) {
    test::DrawnWorld world;
    world.with_car = false;
    world.rider_mps = speed;
    world.shake_px = 2;
    EXPECT_LE(watch(world, 0, 3).with_any, 3) << "at " << speed << " m/s";
  }
}

TEST(LoomingStage, AParkedCarIsPartOfTheWorldAtRest) {
  test::DrawnWorld world;
  world.car_x = 3;
  world.car_from_m = 8;
  world.car_closing_mps = -world.rider_mps;
  EXPECT_LE(watch(world, 0, 3).on_car, 3);
}

TEST(LoomingStage, AFollowerAtTheSameSpeedIsSeenAndDoesNotGrow) {
  test::DrawnWorld world;
  world.car_x = -0.5;
  world.car_from_m = 12;
  world.car_closing_mps = 0;
  LoomingStage stage{LoomingConfig{}};
  test::Shown shown_to;
  int seen = 0;
  std::uint64_t seq = 0;
  for (double t = 0; t < 3; t += 1.0 / 30) {
    Analysis analysis;
    shown_to.show(stage, *world.frame(t, ++seq), analysis);
    for (const Detection& detection : analysis.detections) {
      if (iou(detection.box, world.car_box(t)) < 0.3F) continue;
      ++seen;
      EXPECT_LT(std::abs(*detection.growth_per_s), 0.06);
    }
  }
  EXPECT_GT(seen, 30);
}

TEST(LoomingStage, TheSamePicturesGiveTheSameBoxes) {
  const test::DrawnWorld world;
  const Watched once = watch(world, 0, 1.5);
  const Watched again = watch(world, 0, 1.5);
  ASSERT_EQ(once.last.size(), again.last.size());
  for (std::size_t i = 0; i < once.last.size(); ++i) {
    EXPECT_EQ(once.last[i].box, again.last[i].box);
    EXPECT_EQ(once.last[i].growth_per_s, again.last[i].growth_per_s);
  }
}

TEST(LoomingStage, TellsHowTheCameraLooks) {
  test::DrawnWorld world;
  world.with_car = false;
  LoomingStage stage{LoomingConfig{}};
  test::Shown shown_to;
  Analysis last;
  std::uint64_t seq = 0;
  for (double t = 0; t < 3; t += 1.0 / 30) {
    last = {};
    shown_to.show(stage, *world.frame(t, ++seq), last);
  }
  ASSERT_TRUE(last.view);
  EXPECT_NEAR(last.view->vanishing.x, 320, 8);
  EXPECT_NEAR(last.view->vanishing.y, 170, 8);
  EXPECT_NEAR(last.view->focal_px, test::DrawnWorld::kFocal_px, 1);
}

TEST(LoomingStage, AfterResetItStartsAnew) {
  const test::DrawnWorld world;
  LoomingStage stage{LoomingConfig{}};
  test::Shown shown_to;
  std::uint64_t seq = 0;
  Analysis analysis;
  for (double t = 0; t < 2; t += 1.0 / 30)
    shown_to.show(stage, *world.frame(t, ++seq), analysis = {});
  EXPECT_FALSE(analysis.detections.empty());
  stage.reset();
  shown_to.show(stage, *world.frame(2, ++seq), analysis = {});
  EXPECT_TRUE(analysis.detections.empty());
}

}  // namespace
}  // namespace rearview
