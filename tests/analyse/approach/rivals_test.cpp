#include "analyse/approach/rivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace rearview {
namespace {

constexpr ApproachConfig kSettings;
constexpr double kPicture_s = 1 / 30.0;

/// A car 30 m behind whose growth is known well.
VehicleEstimate car(double growth_per_s, double sigma = 0.02) {
  VehicleEstimate estimate;
  estimate.vehicle_class = VehicleClass::car;
  estimate.box = {300, 170, 40, 34};
  estimate.box_score = 0.8;
  estimate.growth = {growth_per_s, sigma};
  estimate.distance_m = Estimate{30, 4};
  estimate.lateral_m = Estimate{-1.5, 0.4};
  return estimate;
}

/// Shown for so long, each picture as `at` makes it of the time.
template <typename At>
Rivals shown_for(double seconds, At&& at) {
  Rivals rivals;
  for (double t_s = 0; t_s <= seconds; t_s += kPicture_s) {
    VehicleEstimate estimate = at(t_s);
    estimate.t_s = t_s;
    rivals.see(estimate, kSettings);
  }
  return rivals;
}

double all(const Rivals& rivals) {
  double sum = 0;
  for (const Explanation explanation : values<Explanation>()) sum += rivals.share(explanation);
  return sum;
}

TEST(Rivals, SharesAreOne) {
  for (const double growth : {-1.0, -0.1, 0.0, 0.1, 4.0}) {
    Rivals rivals;
    EXPECT_EQ(all(rivals), 0) << "nothing is known before the first look";
    rivals.see(car(growth), kSettings);
    EXPECT_NEAR(all(rivals), 1, 1e-9) << growth;
  }
}

TEST(Rivals, WhatGrowsPlainlyClosesIn) {
  Rivals rivals;
  rivals.see(car(0.5), kSettings);
  EXPECT_GT(rivals.share(Explanation::closing_in), 0.7);
  EXPECT_GT(rivals.claim().probability, 0.7);
  EXPECT_NE(rivals.claim().rival, Explanation::closing_in);
}

TEST(Rivals, WhatGrowsByLessThanItsDoubtMayGoAlong) {
  Rivals rivals;
  rivals.see(car(0.05, 0.05), kSettings);
  EXPECT_LT(rivals.claim().probability, 0.5);
  EXPECT_EQ(rivals.claim().rival, Explanation::going_along);
}

TEST(Rivals, WhatShrinksFallsBackOrStandsAtTheRoad) {
  Rivals rivals;
  rivals.see(car(-0.2), kSettings);
  EXPECT_GT(rivals.share(Explanation::falling_back) + rivals.share(Explanation::fixed_to_road),
            0.9);
  EXPECT_LT(rivals.claim().probability, 0.01);
}

TEST(Rivals, WhatClosesInFarBesideIsOnAnotherPath) {
  VehicleEstimate estimate = car(0.3);
  estimate.lateral_m = Estimate{20, 2};
  Rivals rivals;
  rivals.see(estimate, kSettings);
  EXPECT_LT(rivals.claim().probability, 0.05);
  EXPECT_EQ(rivals.claim().rival, Explanation::closing_aside);
}

TEST(Rivals, ABearingThatLeadsByIsOnAnotherPath) {
  VehicleEstimate aside = car(1 / 3.0);
  aside.lateral_m.reset();
  aside.bearing_rate = Estimate{0.3, 0.02};  // 0.3 * 3 s * 30 m = 27 m
  const auto claimed = [](const VehicleEstimate& estimate) {
    return shown_for(0, [&](double) { return estimate; }).claim();
  };
  EXPECT_LT(claimed(aside).probability, kSettings.warn_probability);
  EXPECT_EQ(claimed(aside).rival, Explanation::closing_aside);
  aside.cut_right = true;
  EXPECT_GT(claimed(aside).probability, kSettings.warn_probability)
      << "at the edge the bearing says nothing";
  VehicleEstimate somewhere = car(1 / 3.0);
  somewhere.distance_m.reset();
  EXPECT_GT(claimed(somewhere).probability, kSettings.warn_probability) << "how far isn't known";
}

TEST(Rivals, WhatNeedsLongerThanTheClaimDoesntMakeIt) {
  EXPECT_LT(shown_for(0, [](double) { return car(0.06, 0.005); }).claim().probability, 0.05)
      << "16 s";
}

TEST(Rivals, WhatBreathesWhereItHasStoodIsFixedToTheCamera) {
  // The same growth, seen on a thing whose box hasn't left its place for 10 s, and on one that has
  // come from afar.
  const auto bonnet = [](double t_s) {
    VehicleEstimate estimate = car(t_s < 9.7 ? 0 : 0.2, 0.04);
    estimate.distance_m = Estimate{8, 2};
    if (t_s > 9.7) estimate.box.height += 1;
    return estimate;
  };
  const auto comes = [](double t_s) {
    VehicleEstimate estimate = car(0.2, 0.04);
    estimate.distance_m = Estimate{8, 2};
    const auto grown = static_cast<float>(std::exp(0.2 * (t_s - 10)));
    estimate.box.width *= grown;
    estimate.box.height *= grown;
    return estimate;
  };
  EXPECT_GT(shown_for(10, bonnet).share(Explanation::fixed_to_camera), 0.5);
  EXPECT_GT(shown_for(10, comes).claim().probability, 0.4);
  EXPECT_LT(shown_for(10, bonnet).claim().probability, 0.2);
}

TEST(Rivals, WhatLeavesItsPlaceIsBelievedWithinASecond) {
  // Behind us at a traffic light, and then it comes.
  const auto starts = [](double t_s) {
    VehicleEstimate estimate = car(t_s < 20 ? 0 : 0.3, 0.03);
    estimate.distance_m = Estimate{8, 2};
    const auto grown = static_cast<float>(std::exp(0.3 * std::max(0.0, t_s - 20)));
    estimate.box = {280, 170, 120 * grown, 100 * grown};
    return estimate;
  };
  EXPECT_GT(shown_for(21, starts).claim().probability, 0.7);
}

TEST(Rivals, AnInnerEdgeThatRunsInwardsStandsAtTheRoad) {
  // A wall that slides into the picture: more and more of it is seen.
  const auto cut = [](double edge_per_s) {
    return [edge_per_s](double) {
      VehicleEstimate estimate = car(0.25, 0.06);
      estimate.cut_right = true;
      estimate.edge_growth = Estimate{edge_per_s, 0.08};
      return estimate;
    };
  };
  EXPECT_LT(shown_for(1, cut(-0.5)).claim().probability, 0.2);
  EXPECT_GT(shown_for(1, cut(0.25)).claim().probability, 0.6);
}

TEST(Rivals, BoxesThatDisagreeWithThePictureMayBeSeveralThings) {
  const auto boxes = [](double slope_per_s) {
    return [slope_per_s](double) {
      VehicleEstimate estimate = car(0.25, 0.04);
      estimate.boxes = BoxChange{.span_s = 0.4, .slope_per_s = slope_per_s};
      return estimate;
    };
  };
  EXPECT_GT(shown_for(1, boxes(0.25)).share(Explanation::closing_in), 0.7);
  EXPECT_GT(shown_for(1, boxes(-0.3)).share(Explanation::several),
            5 * shown_for(1, boxes(0.25)).share(Explanation::several));
}

TEST(Rivals, EvidenceCountsByTimeNotByPictures) {
  const auto shares = [](double step_s) {
    Rivals rivals;
    for (double t_s = 0; t_s < 1.001; t_s += step_s) {
      VehicleEstimate estimate = car(0.1, 0.05);
      estimate.t_s = t_s;
      estimate.cut_right = true;
      estimate.edge_growth = Estimate{-0.2, 0.1};
      rivals.see(estimate, kSettings);
    }
    return rivals.share(Explanation::fixed_to_road);
  };
  EXPECT_NEAR(shares(0.02), shares(0.1), 0.02);
}

TEST(Rivals, AnythingThatAnEstimateMaySayGivesShares) {
  // Far off what is expected, likelihoods are too small to be told from none.
  VehicleEstimate estimate = car(5, 0);
  estimate.distance_m = Estimate{1e6, 1};
  estimate.edge_growth = Estimate{-50, 1e-3};
  estimate.bearing_rate = Estimate{9, 1e-3};
  const Rivals rivals = shown_for(1, [&](double) { return estimate; });
  EXPECT_NEAR(all(rivals), 1, 1e-9);
  EXPECT_TRUE(std::isfinite(rivals.claim().probability));
}

}  // namespace
}  // namespace rearview
