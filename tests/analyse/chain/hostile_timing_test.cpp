#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "tests/analyse/drawn_world.h"
#include "tests/support/stage_fuzz_entry.h"

// Networks bunch pictures, and clocks jump. Nothing of that may end the program, and no number may
// come of it that isn't one.

namespace rearview {
namespace {

/// A road with a car that comes up, 30 pictures a second as it was taken; `arrival` says when the
/// n-th one comes.
void drive(const std::function<double(int)>& arrival, int pictures) {
  test::DrawnWorld world;
  world.shake_px = 2;
  const auto boxes = std::make_shared<std::vector<Detection>>();
  StageChain chain("rear", test::default_stages(boxes));
  for (int i = 0; i < pictures; ++i) {
    const double taken_s = i / 30.0;
    const FramePtr drawn = world.frame(taken_s, static_cast<std::uint64_t>(i) + 1);
    const FramePtr frame =
        test::frame_at(arrival(i), static_cast<std::uint64_t>(i) + 1, drawn->planes());
    boxes->clear();
    if (world.car_distance(taken_s) > 2)
      boxes->push_back({.box = world.car_box(taken_s),
                        .score = 0.9F,
                        .vehicle_class = VehicleClass::car,
                        .detector = "fuzz",
                        .growth_per_s = std::nullopt});
    ASSERT_NO_THROW(test::check_analysis(chain.analyse(*frame), *frame)) << "picture " << i;
  }
}

TEST(HostileTiming, ThirtyPicturesOnceASecond) {
  drive([](int i) { return i / 30 + (i % 30) * 0.0004; }, 150);
}

TEST(HostileTiming, NinePicturesEach300Milliseconds) {
  drive([](int i) { return i / 9 * 0.3 + (i % 9) * 0.001; }, 150);
}

TEST(HostileTiming, AFewPicturesAtOnceWithinAnEvenStream) {
  drive([](int i) { return i / 3 * 0.1; }, 150);
}

TEST(HostileTiming, AllAtOnce) {
  drive([](int) { return 5.0; }, 100);
}

TEST(HostileTiming, TinySteps) {
  drive([](int i) { return 1 + i * 1e-9; }, 100);
}

TEST(HostileTiming, BackAndForth) {
  drive([](int i) { return 10 + i / 30.0 - (i % 7 == 6 ? 0.5 : 0); }, 150);
}

TEST(HostileTiming, AnHourInBetween) {
  drive([](int i) { return i / 30.0 + i / 40 * 3600.0; }, 150);
}

TEST(HostileTiming, APictureWithoutATimeIsAFailedAnalysisAndNoMore) {
  StageChain chain("rear", test::default_stages(std::make_shared<std::vector<Detection>>()));
  const test::DrawnWorld world;
  for (const double t_s : {0.0, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), 0.1}) {
    const FramePtr frame = test::frame_at(t_s, 1, world.frame(0, 1)->planes());
    const Analysis analysis = chain.analyse(*frame);
    EXPECT_EQ(analysis.state == AnalysisState::failed, !std::isfinite(t_s)) << t_s;
  }
}

// The fuzzer's entry with seeded bytes, for builds without clang.
TEST(HostileTiming, SeededBytes) {
  std::mt19937 random(31);
  for (int round = 0; round < 80; ++round) {
    std::vector<std::uint8_t> bytes(2 + 3 * 60);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    bytes[0] = static_cast<std::uint8_t>(round % 4 == 3 ? random() : random() % 4);
    // Half of them with one kind of timing and a thing that grows: the stages get further.
    if (round % 2 == 0) {
      const auto timing = static_cast<std::uint8_t>(random());
      for (std::size_t i = 2; i + 2 < bytes.size(); i += 3) {
        if (random() % 4 != 0) bytes[i] = timing;
        if (random() % 4 != 0) bytes[i + 1] = 255;
        if (random() % 4 != 0) bytes[i + 2] = 3;
      }
    }
    ASSERT_NO_THROW(test::fuzz_stages(bytes)) << "round " << round;
  }
}

}  // namespace
}  // namespace rearview
