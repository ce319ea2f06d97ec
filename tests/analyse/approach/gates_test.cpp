#include "analyse/approach/gates.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

const ApproachConfig kPolicy;
constexpr Claim kLikely{.probability = 0.9};

/// A known car 20 m behind that will be here in 3 s; all gates let it through.
VehicleEstimate coming() {
  VehicleEstimate car;
  car.t_s = car.seen_s = car.boxed_s = 10;
  car.vehicle_class = VehicleClass::car;
  car.box = {300, 130, 45, 38};
  car.box_score = 0.8;
  car.growth = {1 / 3.0, 0.03};
  car.ttc_s = Estimate{3, 0.3};
  car.distance_m = Estimate{20, 2};
  car.first_m = 40;
  car.closing_mps = Estimate{6.7, 1};
  car.lateral_m = Estimate{1, 0.5};
  car.bearing = Estimate{0.05, 0.005};
  car.bearing_rate = Estimate{0.015, 0.01};
  car.motion = Motion::approaching;
  car.measured_share = 0.9;
  car.boxes = BoxChange{.span_s = 0.4, .width = 0.133, .height = 0.133, .slope_per_s = 0.3};
  return car;
}

TEST(Gates, LetThroughWhatComes) {
  EXPECT_TRUE(growth_gate(coming(), kPolicy));
  EXPECT_TRUE(place_gate(coming()));
  EXPECT_FALSE(released(coming(), kPolicy));
}

TEST(Gates, GrowthMustBeBeyondDoubtAndSoon) {
  VehicleEstimate car = coming();
  car.growth.sigma = 0.12;
  EXPECT_FALSE(growth_gate(car, kPolicy)) << "less than three standard deviations";
  car = coming();
  car.growth = {1 / 6.5, 0.01};
  EXPECT_FALSE(growth_gate(car, kPolicy)) << "6.5 s, and straight behind";
  car.way_out = 0.2;
  EXPECT_TRUE(growth_gate(car, kPolicy)) << "out of view after 0.8 of them";
  car.growth = {1 / 11.0, 0.01};
  car.way_out = 0.9;
  EXPECT_FALSE(growth_gate(car, kPolicy)) << "beyond farthest_ttc_s";
  car.distance_m = Estimate{7, 1};
  EXPECT_TRUE(growth_gate(car, kPolicy)) << "so near, whatever closes in counts";
}

TEST(Gates, WhatNoDetectorKnowsMustBeNearerAndTakesLonger) {
  VehicleEstimate car = coming();
  car.growth = {1 / 5.0, 0.02};
  EXPECT_TRUE(growth_gate(car, kPolicy));
  EXPECT_DOUBLE_EQ(confirmation_s(car, kPolicy), kPolicy.confirm_s);
  car.box_score = 0;
  EXPECT_FALSE(growth_gate(car, kPolicy));
  EXPECT_DOUBLE_EQ(confirmation_s(car, kPolicy), kPolicy.confirm_unnamed_s);
}

TEST(Gates, WhatOnlyBoxesSayTakesLonger) {
  ApproachConfig policy;
  policy.confirm_boxes_s = 0.9;
  VehicleEstimate car = coming();
  car.measured_share = 0;
  EXPECT_DOUBLE_EQ(confirmation_s(car, policy), 0.9);
  car.cut_left = true;  // came from behind and reaches the picture's edge: can't be measured
  EXPECT_DOUBLE_EQ(confirmation_s(car, policy), policy.confirm_s);
  car.first_m = 5;
  EXPECT_DOUBLE_EQ(confirmation_s(car, policy), 0.9) << "it came from beside";
  EXPECT_DOUBLE_EQ(slowest_confirmation_s(policy), policy.confirm_unnamed_s);
}

TEST(Gates, TheClaimMustBeLikelyEnough) {
  const double least = kPolicy.warn_probability;
  EXPECT_TRUE(claim_gate(coming(), {.probability = least}, kPolicy));
  const Claim slow{.probability = 0.99 * least, .closes_in = least};
  EXPECT_FALSE(claim_gate(coming(), slow, kPolicy));
  VehicleEstimate near = coming();
  near.distance_m = Estimate{kPolicy.near_m - 1, 1};
  EXPECT_TRUE(claim_gate(near, slow, kPolicy)) << "near by, however slowly it closes in";
  EXPECT_FALSE(claim_gate(near, {.probability = 1, .closes_in = 0.99 * least}, kPolicy));
}

TEST(Gates, BoxesMustGrowAsWasMeasured) {
  VehicleEstimate car = coming();
  car.boxes->span_s = 0.2;
  EXPECT_FALSE(place_gate(car)) << "too short to tell";
  car = coming();
  car.boxes->width = 0.4;
  EXPECT_FALSE(place_gate(car));
  car.cut_left = true;
  EXPECT_TRUE(place_gate(car)) << "a width that is cut says nothing";
  car = coming();
  car.boxes->slope_per_s = 0.05;
  EXPECT_FALSE(place_gate(car)) << "laid over a nearer one that grows";
  car.boxes->slope_per_s.reset();
  EXPECT_TRUE(place_gate(car));
  car.boxes.reset();
  EXPECT_FALSE(place_gate(car));
}

TEST(Gates, FastIsNearInTimeAndFastInSpace) {
  VehicleEstimate car = coming();
  EXPECT_FALSE(comes_fast(car, kPolicy)) << "24 km/h";
  car.closing_mps = Estimate{10, 1};
  EXPECT_TRUE(comes_fast(car, kPolicy));
  car.ttc_s = Estimate{4, 0.2};
  EXPECT_FALSE(comes_fast(car, kPolicy));
  car.ttc_s.reset();
  EXPECT_FALSE(comes_fast(car, kPolicy));
}

TEST(Gates, AClosePassMustBeSure) {
  VehicleEstimate car = coming();
  EXPECT_TRUE(passed_close(car, kPolicy));
  car.lateral_m->sigma = 1.2;
  EXPECT_FALSE(passed_close(car, kPolicy));
  car.lateral_m = Estimate{-1.6, 0.3};
  EXPECT_FALSE(passed_close(car, kPolicy));
}

TEST(Gates, OnlyAKnownVehicleThatComesExplainsWhatGrows) {
  VehicleEstimate light = coming();
  light.box_score = 0;
  EXPECT_TRUE(explains(coming(), light, kPolicy));
  EXPECT_FALSE(explains(light, coming(), kPolicy));
  light.t_s = 10.6;
  EXPECT_FALSE(explains(coming(), light, kPolicy)) << "the vehicle was seen long ago";
  VehicleEstimate parked = coming();
  parked.motion = Motion::holding;
  parked.growth = {0, 0.02};
  EXPECT_FALSE(explains(parked, coming(), kPolicy));
}

TEST(Gates, ANearerVehicleHidesWhatItsBoxCovers) {
  VehicleEstimate near = coming();
  near.box = {310, 120, 90, 80};
  EXPECT_TRUE(hides(near, coming()));
  EXPECT_FALSE(hides(coming(), near));
  near.box.x = 338;
  EXPECT_FALSE(hides(near, coming())) << "it covers a sixth";
}

TEST(Gates, PartsOfOneVehicleShareABox) {
  VehicleEstimate cab = coming();
  cab.box = {310, 135, 20, 20};
  EXPECT_TRUE(share_a_box(cab, coming()));
  cab.box.x = 340;
  EXPECT_FALSE(share_a_box(cab, coming()));
}

TEST(Gates, WhatIsAVehiclesLengthBehindFollows) {
  VehicleEstimate behind = coming();
  behind.distance_m = Estimate{26, 2};
  EXPECT_TRUE(follows(behind, coming()));
  EXPECT_FALSE(follows(coming(), behind));
  behind.distance_m = Estimate{23, 2};
  EXPECT_FALSE(follows(behind, coming())) << "its trailer, may be";
  behind.distance_m.reset();
  EXPECT_FALSE(follows(behind, coming()));
}

TEST(Gates, WhoStaysBehindIsAVehicleNearByThatIsNotFallingBack) {
  VehicleEstimate van = coming();
  van.motion = Motion::holding;
  EXPECT_TRUE(stays_behind(van, kPolicy));
  van.motion = Motion::unknown;
  EXPECT_TRUE(stays_behind(van, kPolicy));
  van.motion = Motion::receding;
  EXPECT_FALSE(stays_behind(van, kPolicy));
  van = coming();
  van.distance_m = Estimate{kPolicy.clear_m + 1, 2};
  EXPECT_FALSE(stays_behind(van, kPolicy));
  van = coming();
  van.box_score = 0;
  EXPECT_FALSE(stays_behind(van, kPolicy)) << "nobody knows it for a vehicle";
}

TEST(Gates, AVerdictNeedsALikelyClaim) {
  EXPECT_FALSE(verdict(coming(), {.probability = 0.1}, 0.8, false, false, kPolicy).through);
}

TEST(Gates, AVerdictNeedsPlainSight) {
  EXPECT_TRUE(verdict(coming(), kLikely, 0.8, false, false, kPolicy).through);
  EXPECT_FALSE(verdict(coming(), kLikely, 0.2, false, false, kPolicy).through) << "a guess";
  EXPECT_FALSE(verdict(coming(), kLikely, 0.8, true, false, kPolicy).through) << "hidden";
  EXPECT_TRUE(verdict(coming(), kLikely, 0.8, false, true, kPolicy).through)
      << "known, so not explained";
  VehicleEstimate small = coming();
  small.box = {300, 130, 8, 7};
  EXPECT_FALSE(verdict(small, kLikely, 0.8, false, false, kPolicy).through);
  VehicleEstimate light = coming();
  light.box_score = 0;
  EXPECT_TRUE(verdict(light, kLikely, 0.8, false, false, kPolicy).through);
  EXPECT_FALSE(verdict(light, kLikely, 0.8, false, true, kPolicy).through);
}

}  // namespace
}  // namespace rearview
