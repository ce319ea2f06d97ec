#include "publish/fleet_privacy.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rearview {
namespace {

constexpr double kMetresADegree = 111'195;

double apart_m(const Position& a, const Position& b) {
  const double wide = std::cos(a.lat_deg * 0.017453292519943295);
  return kMetresADegree * std::hypot(a.lat_deg - b.lat_deg, (a.lon_deg - b.lon_deg) * wide);
}

TEST(FleetPrivacyTest, NothingLeavesAZone) {
  const FleetPrivacy privacy({.zones = {{.lat = 48.2, .lon = 16.37, .radius_m = 500},
                                        {.lat = -33.9, .lon = 179.999, .radius_m = 1000}}});
  EXPECT_FALSE(privacy.shown(Position{48.2, 16.37, {}}));
  EXPECT_FALSE(privacy.shown(Position{48.2 + 499 / kMetresADegree, 16.37, {}}));
  EXPECT_TRUE(privacy.shown(Position{48.2 + 502 / kMetresADegree, 16.37, {}}));
  EXPECT_FALSE(privacy.shown(Position{-33.9, -179.999, {}})) << "across the date line";
}

TEST(FleetPrivacyTest, APositionIsToldAsTheMiddleOfItsSquare) {
  const FleetPrivacy privacy({.grid_m = 200});
  for (int i = 0; i < 100; ++i) {
    const Position at{-60.0 + i * 1.2345, -170.0 + i * 3.4567, 5.0};
    const auto shown = privacy.shown(at);
    ASSERT_TRUE(shown);
    EXPECT_LE(apart_m(*shown, at), 142.5);
    EXPECT_NEAR(*shown->accuracy_m, 5 + 141.4, 0.1);
    const auto again = privacy.shown(*shown);
    EXPECT_NEAR(apart_m(*again, *shown), 0, 0.01) << "one square, one place";
  }
}

TEST(FleetPrivacyTest, TheMiddleOfASquareIsInNoZoneEither) {
  const Position at{48.2, 16.37, {}};
  const Position middle = *FleetPrivacy({.grid_m = 5000}).shown(at);
  const FleetPrivacy privacy(
      {.zones = {{.lat = middle.lat_deg, .lon = middle.lon_deg, .radius_m = 1}}, .grid_m = 5000});
  EXPECT_FALSE(privacy.shown(at));
}

TEST(FleetPrivacyTest, ATrackIsBoundedAndLeavesNothingInAZone) {
  std::vector<TrackPoint> track;
  for (int i = 0; i < 86'400; ++i) track.push_back({i, {48.2 + i * 1e-5, 16.37, {}}, {}, i * 1.0});
  EXPECT_TRUE(FleetPrivacy({}).shown(track).empty()) << "off unless the rider says so";
  const auto shown =
      FleetPrivacy({.zones = {{.lat = 48.2, .lon = 16.37, .radius_m = 500}}, .tracks = true})
          .shown(track);
  EXPECT_LE(shown.size(), FleetPrivacy::kMostPoints);
  EXPECT_GT(shown.size(), FleetPrivacy::kMostPoints / 2);
  EXPECT_GT(shown.front().t_s, 440);
  EXPECT_GT(shown.back().t_s, 86'300);
  const auto coarse = FleetPrivacy({.grid_m = 1000, .tracks = true}).shown(track);
  EXPECT_LE(coarse.size(), 98u) << "96 km, a point each square";
}

}  // namespace
}  // namespace rearview
