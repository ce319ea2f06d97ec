#include "radar/radar_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rearview {
namespace {

using testing::ElementsAre;

std::vector<RadarTarget> vehicles(int count) {
  std::vector<RadarTarget> targets;
  for (int i = 0; i < count; ++i)
    targets.push_back({static_cast<std::uint8_t>(0x81 + 4 * i), static_cast<std::uint8_t>(10 * i),
                       static_cast<std::uint8_t>(30 + i)});
  return targets;
}

TEST(RadarEncoder, AClearRoadIsTheHeaderAlone) {
  EXPECT_THAT(RadarEncoder().encode({}), ElementsAre(ElementsAre(0x02)));
}

TEST(RadarEncoder, EachVehicleHasThreeBytes) {
  EXPECT_THAT(RadarEncoder().encode(vehicles(2)),
              ElementsAre(ElementsAre(0x02, 0x81, 0, 30, 0x85, 10, 31)));
}

TEST(RadarEncoder, TheCounterGoesRound) {
  RadarEncoder encoder;
  for (int list = 0; list < 35; ++list) {
    const auto sent = encoder.encode(vehicles(list % 8));
    for (const RadarNotification& one : sent) EXPECT_EQ(one.front() >> 4, list % 16);
  }
}

TEST(RadarEncoder, SixFillANotification) {
  const auto sent = RadarEncoder().encode(vehicles(6));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].size(), 19u);
}

// Some readers know only what ends a list: the nearest must be there.
TEST(RadarEncoder, OfMoreThanSixTheNearestComeLast) {
  RadarEncoder encoder;
  encoder.encode({});
  const auto sent = encoder.encode(vehicles(8));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_THAT(sent[0], ElementsAre(0x10, 0x99, 60, 36, 0x9D, 70, 37));
  EXPECT_EQ(sent[1].size(), 19u);
  EXPECT_EQ(sent[1].front(), 0x12) << "2 more than the first: how readers join them";
  EXPECT_EQ(sent[1][1], 0x81);
}

TEST(RadarEncoder, MoreThanEightAreNotTold) {
  const auto sent = RadarEncoder().encode(vehicles(12));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].size() + sent[1].size(), 2u + 8 * 3);
}

}  // namespace
}  // namespace rearview
