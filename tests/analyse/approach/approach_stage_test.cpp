#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/analyse/approach/approach_ride.h"

namespace rearview {
namespace {

using test::car;
using test::car_box;
using test::drive;
using test::kFocal_px;
using test::kHorizon_px;
using test::Ride;

TEST(ApproachStage, OneOvertakingCarGivesEachAlertOnce) {
  Ride ride;
  drive(
      ride, 0, 9, [](double t) { return 60 - 10 * t; }, -2.5);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::fast_approach), 1);
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 1);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 1);
  ASSERT_FALSE(ride.kinds.empty());
  EXPECT_EQ(ride.kinds.front(), AlertKind::vehicle_approaching);
  EXPECT_EQ(ride.kinds.back(), AlertKind::all_clear);
  EXPECT_LT(ride.times.front(), 2.0) << "four seconds before it is level";
  const auto& told = std::get<AlertApproach>(ride.alerts.front().about);
  EXPECT_EQ(told.side, Side::left);
  ASSERT_TRUE(told.reason);
  EXPECT_GT(told.reason->growth_per_s, 0.1);
  EXPECT_GE(told.reason->confirmed_frames, 5);
}

TEST(ApproachStage, MeasuresTimeDistanceAndSpeedOfASteadyApproach) {
  Ride ride;
  const Analysis last = drive(
      ride, 0, 3, [](double t) { return 60 - 10 * t; }, -1.5);
  ASSERT_EQ(last.tracks.size(), 1U);
  const Track& track = last.tracks[0];
  ASSERT_TRUE(track.ttc_s && track.ttc_sigma_s && track.distance_m && track.closing_mps);
  EXPECT_NEAR(*track.ttc_s, 3.0, 0.3);
  EXPECT_LT(std::abs(*track.ttc_s - 3.0), 3 * *track.ttc_sigma_s + 0.1);
  EXPECT_NEAR(*track.distance_m, 30, 4);
  EXPECT_NEAR(*track.closing_mps, 10, 2);
  EXPECT_EQ(track.motion, Motion::approaching);
  EXPECT_EQ(last.road, Road::danger);
}

TEST(ApproachStage, NamesTheSideWhereAVehicleIsAndNoneWhereItComesRightBehind) {
  const auto said = [](double right, double until_m) {
    Ride ride;
    const Analysis last = drive(
        ride, 0, (40 - until_m) / 8, [](double t) { return 40 - 8 * t; }, right);
    return last.tracks.at(0).side;
  };
  for (const double until_m : {30, 20, 10, 5}) {
    EXPECT_EQ(said(0.4, until_m), Side::behind) << until_m;
    EXPECT_EQ(said(-0.4, until_m), Side::behind) << until_m;
    EXPECT_EQ(said(1.5, until_m), Side::right) << until_m;
    EXPECT_EQ(said(-1.5, until_m), Side::left) << until_m;
  }
}

TEST(ApproachStage, DroppedFramesAndJitterChangeNothing) {
  Ride all;
  Ride some;
  const auto ahead = [](double t) { return 60 - 10 * t; };
  const Analysis dense = drive(all, 0, 3, ahead, -1.5);
  const Analysis sparse = drive(some, 0, 3, ahead, -1.5, 1, 1.0 / 11);
  ASSERT_TRUE(dense.tracks[0].ttc_s && sparse.tracks[0].ttc_s);
  EXPECT_NEAR(*sparse.tracks[0].ttc_s, *dense.tracks[0].ttc_s, 0.35);
}

TEST(ApproachStage, SameSpeedRecedingAndParkedVehiclesDoNotAlert) {
  Ride same;
  EXPECT_EQ(drive(
                same, 0, 8, [](double t) { return 15 + 0.3 * std::sin(t); }, 0)
                .road,
            Road::following);
  EXPECT_TRUE(same.kinds.empty());
  Ride receding;
  const Analysis away = drive(
      receding, 0, 8, [](double t) { return 8 + 5 * t; }, 3);
  EXPECT_TRUE(receding.kinds.empty());
  EXPECT_EQ(away.tracks[0].motion, Motion::receding);
  Ride standing;
  drive(
      standing, 0, 8, [](double) { return 12.0; }, 3);
  EXPECT_TRUE(standing.kinds.empty());
}

TEST(ApproachStage, GateOfGrowthWantsTheTimeToContactToBeNear) {
  Ride ride;  // 200 m away, closing by 10 m/s: 20 s
  drive(
      ride, 0, 3, [](double t) { return 200 - 10 * t; }, -1);
  EXPECT_TRUE(ride.kinds.empty());
}

TEST(ApproachStage, GateOfThePathLeavesOutWhatPassesFarAway) {
  Ride ride;
  drive(
      ride, 0, 4, [](double t) { return 90 - 12 * t; }, 40);
  EXPECT_TRUE(ride.kinds.empty());
}

TEST(ApproachStage, GateOfConfirmationWantsMoreThanAMoment) {
  ApproachConfig config;
  config.confirm_s = config.confirm_boxes_s = 30;
  Ride ride(config);
  drive(
      ride, 0, 5, [](double t) { return 60 - 10 * t; }, -2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 0);
}

TEST(ApproachStage, WhatNoDetectorKnowsAlertsOnlyNearAndAfterLonger) {
  const auto ahead = [](double t) { return 60 - 10 * t; };
  Ride known;
  drive(known, 0, 5.5, ahead, -2);
  Ride unknown;
  unknown.named = false;
  drive(unknown, 0, 5.5, ahead, -2);
  ASSERT_FALSE(known.times.empty());
  ASSERT_FALSE(unknown.times.empty()) << "it is a threat all the same";
  EXPECT_GT(unknown.times.front(), known.times.front() + 0.5);
  EXPECT_GT(unknown.times.front(), 6 - ApproachConfig().unnamed_ttc_s);
}

TEST(ApproachStage, WhatGrowsBesideAKnownVehicleThatComesIsExplainedByIt) {
  // Such as the light of its lamps on the road.
  const auto play = [](Ride& ride, double car_mps) {
    ride.unnamed_id = 2;
    for (double t = 0; t < 4; t += 1.0 / 30)
      ride.step(t, {car(1, car_box(60 - car_mps * t, -3)), car(2, car_box(45 - 10 * t, 2))});
  };
  Ride coming;
  play(coming, 12);
  for (const Alert& alert : coming.alerts) EXPECT_EQ(alert.vehicle()->track_id, 1);
  EXPECT_EQ(coming.count(AlertKind::vehicle_approaching), 1);
  Ride staying;  // a car that keeps its distance explains nothing
  play(staying, 0);
  ASSERT_EQ(staying.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(staying.alerts.front().vehicle()->track_id, 2);
}

TEST(ApproachStage, AVehicleHiddenBehindANearerOneWaitsUntilItIsSeen) {
  const auto play = [](Ride& ride, double beside_m) {
    Analysis last;
    for (double t = 0; t < 2; t += 1.0 / 30)
      last = ride.step(t, {car(1, car_box(25, -1)), car(2, car_box(50 - 10 * t, -1 + beside_m))});
    return last.tracks[1];
  };
  Ride behind;
  const Track hidden = play(behind, 0.3);
  EXPECT_EQ(behind.count(AlertKind::vehicle_approaching), 0);
  EXPECT_FALSE(hidden.ttc_s) << "partly the other's";
  EXPECT_FALSE(hidden.closing_mps);
  EXPECT_EQ(hidden.motion, Motion::unknown);
  Ride beside;
  EXPECT_TRUE(play(beside, 5).ttc_s);
  EXPECT_EQ(beside.count(AlertKind::vehicle_approaching), 1);
}

TEST(ApproachStage, APartOfAVehicleIsNoSecondFastApproach) {
  Ride ride;
  for (double t = 0; t < 3; t += 1.0 / 30) {
    const cv::Rect2f whole = car_box(50 - 12 * t, -1);
    const cv::Rect2f part(whole.x + whole.width * 0.6F, whole.y, whole.width * 0.45F,
                          whole.height * 1.1F);
    ride.step(t, {car(1, whole), car(2, part)});
  }
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::fast_approach), 1);
}

TEST(ApproachStage, WhatComesIntoViewAtTheEdgeIsNotClosingIn) {
  // A parked car: more and more of it is seen, in boxes that at first end short of the picture's
  // edge.
  Ride ride;
  for (double t = 0; t < 0.8; t += 1.0 / 30) {
    const auto x = static_cast<float>(590 - 105 * t);
    const auto right = static_cast<float>(std::min(640.0, 626 + 30 * t));
    ride.step(t, {car(1, {x, 139, right - x, static_cast<float>(74 + 12 * t)})});
  }
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 0);
}

TEST(ApproachStage, WhatIsSaidToGrowMustGrowInItsBoxes) {
  const auto alerts = [](double growing_per_s) {
    Ride ride;
    ride.named = false;
    ride.growth_per_s = 0.3;
    for (double t = 0; t < 3; t += 1.0 / 30)
      ride.step(t, {car(1, car_box(20 * std::exp(-growing_per_s * t), -2))});
    return ride.count(AlertKind::vehicle_approaching);
  };
  EXPECT_EQ(alerts(0), 0);
  EXPECT_EQ(alerts(0.25), 1);
}

TEST(ApproachStage, WhatComesIntoViewBesideTheRiderIsNotClosingIn) {
  // A parked car that the rider passes: more of it shows until it is seen whole.
  Ride ride;
  for (double t = 0; t < 2; t += 1.0 / 30) {
    const auto width = static_cast<float>(150 + 70 * std::min(t, 0.6) / 0.6);
    ride.step(t, {car(1, cv::Rect2f(220 - width, 20, width, 310))});
  }
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 0);
}

TEST(ApproachStage, AGuessOfTheDetectorsDoesNotAlert) {
  Ride ride;
  for (double t = 0; t < 5; t += 1.0 / 30) {
    Track guess = car(1, car_box(60 - 10 * t, -2));
    guess.score = 0.2F;
    ride.step(t, {guess});
  }
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 0);
}

TEST(ApproachStage, WhatIsVeryNearAlertsHoweverSlowlyItClosesIn) {
  Ride ride;  // from 6.9 m by 0.6 m/s: more than 6 s to contact all the time
  drive(
      ride, 0, 5, [](double t) { return 6.9 - 0.6 * t; }, -0.2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
}

TEST(ApproachStage, LearnsHowHighTheCameraSits) {
  // The cars' pictures say 0.9 m; told 1.5 m, the first car seems farther away than later ones.
  ApproachConfig config;
  config.camera_height_m = 1.5;
  Ride ride(config);
  std::vector<double> errors_m;
  for (int id = 1; id <= 8; ++id) {
    const double start_s = 10 * id;
    const Analysis last = drive(
        ride, start_s, start_s + 3, [&](double t) { return 40 - 8 * (t - start_s); }, -1.5, id);
    ASSERT_EQ(last.tracks.size(), 1U);
    errors_m.push_back(*last.tracks[0].distance_m - 16.3);
  }
  EXPECT_GT(errors_m.front(), 0.5);
  EXPECT_LT(std::abs(errors_m.back()), errors_m.front() / 2);
}

TEST(ApproachStage, SaysHowTheCameraSits) {
  Ride ride;
  const Analysis last = drive(
      ride, 0, 3, [](double t) { return 60 - 10 * t; }, -1.5);
  ASSERT_TRUE(last.view);
  EXPECT_NEAR(last.view->pitch_deg, std::atan((kHorizon_px - 180) / kFocal_px) * 180 / CV_PI, 0.01)
      << "the horizon lies above the middle: it looks down";
  ASSERT_TRUE(last.view->camera_height_m && last.view->camera_height_sigma_m);
  EXPECT_NEAR(*last.view->camera_height_m, 0.9, 0.15);
  EXPECT_GT(*last.view->camera_height_sigma_m, 0.05);
}

TEST(ApproachStage, AHorizonThatIsSetIsTheOneThatCounts) {
  ApproachConfig config;
  config.horizon_share = 0.5;
  config.calibrate_height = false;
  config.camera_height_m = 1.1;
  Ride ride(config);
  const Analysis last = ride.step(0, {car(1, car_box(20, 0))});
  ASSERT_TRUE(last.view);
  EXPECT_FLOAT_EQ(last.view->vanishing.y, 180);
  EXPECT_EQ(last.view->pitch_deg, 0);
  EXPECT_EQ(last.view->camera_height_m, 1.1);
  EXPECT_EQ(last.view->camera_height_sigma_m, 0) << "as told";
}

TEST(ApproachStage, TwoCarsAlertTwice) {
  Ride ride;
  for (double t = 0; t < 4; t += 1.0 / 30)
    ride.step(t, {car(1, car_box(50 - 8 * t, -3)), car(2, car_box(70 - 8 * t, 3))});
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 2);
}

TEST(ApproachStage, ACarThatFallsBackRaisesNoOvertakeButTheAllClear) {
  Ride ride;
  drive(
      ride, 0, 3, [](double t) { return 50 - 8 * t; }, -2);
  drive(
      ride, 3, 9, [](double t) { return 26 + 6 * (t - 3); }, -2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 0);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 1);
}

TEST(ApproachStage, AVanThatStaysBehindIsNoAllClearAndIsToldAgainWhenItClosesIn) {
  Ride ride;
  const auto ahead = [](double t) {
    return t < 4.5 ? 51 - 8 * t : t < 14 ? 15.0 : 15 - 4 * (t - 14);
  };
  drive(ride, 0, 14, ahead, -2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 0) << "15 m behind";
  drive(ride, 14, 17, ahead, -2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 2);
}

TEST(ApproachStage, TheNextOfAPlatoonIsNotTakenForTheOneThatWasLost) {
  const auto alerts = [](double next_m) {
    Ride ride;
    double t = 0;
    for (; t < 3; t += 1.0 / 30) ride.step(t, {car(1, car_box(40 - 10 * t, -2))});
    for (; t < 5; t += 1.0 / 30) ride.step(t, {car(2, car_box(next_m - 10 * (t - 3), -2))});
    return ride.count(AlertKind::vehicle_approaching);
  };
  EXPECT_EQ(alerts(9.5), 1) << "the same one, seen again";
  EXPECT_EQ(alerts(14), 2);
}

TEST(ApproachStage, FlickerAtTheThresholdGivesNoSecondAlert) {
  Ride ride;
  drive(
      ride, 0, 8, [](double t) { return 40 - 4 * t + 0.25 * std::sin(9 * t); }, -2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 0);
}

TEST(ApproachStage, ABlindViewStaysBlindAndIsNeverAllClear) {
  Ride ride;
  drive(
      ride, 0, 3, [](double t) { return 50 - 8 * t; }, -2);
  Analysis last;
  for (double t = 3; t < 9; t += 1.0 / 30) last = ride.step(t, {}, Road::blind);
  EXPECT_EQ(last.road, Road::blind);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 0);
}

TEST(ApproachStage, UnknownNumbersStayUnknown) {
  Ride ride;
  const Analysis first = ride.step(0, {car(1, car_box(30, 0))});
  EXPECT_FALSE(first.tracks[0].ttc_s);
  EXPECT_FALSE(first.tracks[0].closing_mps);
  EXPECT_FALSE(first.tracks[0].trend);
  EXPECT_EQ(first.tracks[0].motion, Motion::unknown);
}

TEST(ApproachStage, TellsBrakingFromAccelerating) {
  // From 10 m/s closing speed down to 4 in three seconds, and the other way round.
  Ride braking;
  const Analysis slow = drive(
      braking, 0, 3, [](double t) { return 45 - 10 * t + t * t; }, -1);
  EXPECT_EQ(slow.tracks[0].trend, Trend::braking);
  Ride accelerating;
  const Analysis fast = drive(
      accelerating, 0, 3, [](double t) { return 45 - 3 * t - 2.2 * t * t; }, -1);
  EXPECT_EQ(fast.tracks[0].trend, Trend::accelerating);
}

TEST(ApproachStage, TheRoadIsUnknownUntilItHasLookedForAsLongAsAVehicleTakesToBeKnown) {
  Ride ride;
  const ApproachConfig config;
  double first_clear_s = -1;
  for (double t = 10; t < 13; t += 1.0 / 30) {
    const Road road = ride.step(t, {}).road;
    if (first_clear_s < 0 && road == Road::clear) first_clear_s = t;
    EXPECT_EQ(road, first_clear_s < 0 ? Road::unknown : Road::clear) << t;
  }
  EXPECT_NEAR(first_clear_s, 10 + config.confirm_unnamed_s, 0.05);
}

TEST(ApproachStage, AFewPicturesFarApartAreNoLook) {
  Ride ride;
  const ApproachConfig config;
  for (int i = 0; i < config.confirm_frames; ++i)
    EXPECT_EQ(ride.step(i * 0.9, {}).road, Road::unknown) << i;
}

TEST(ApproachStage, WhatIsThereIsToldAtOnce) {
  Ride ride;
  EXPECT_EQ(ride.step(0, {car(1, car_box(30, 0))}).road, Road::following);
}

TEST(ApproachStage, AfterABlindViewItLooksAnew) {
  Ride ride;
  double t = 0;
  for (; t < 2; t += 1.0 / 30) ride.step(t, {});
  EXPECT_EQ(ride.step(t, {}, Road::blind).road, Road::blind);
  EXPECT_EQ(ride.step(t + 0.03, {}).road, Road::unknown);
  for (; t < 4; t += 1.0 / 30) ride.step(t, {});
  EXPECT_EQ(ride.step(t, {}).road, Road::clear);
}

TEST(ApproachStage, WhatComesIsToldThoughTheViewIsBlind) {
  Ride ride;
  Analysis last;
  for (double t = 0; t < 3; t += 1.0 / 30)
    last = ride.step(t, {car(1, car_box(50 - 8 * t, -2))}, Road::blind);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_TRUE(last.road == Road::approaching || last.road == Road::danger);
  EXPECT_EQ(last.state, AnalysisState::degraded);
}

// 0.4 s without a connection must not turn danger into clear, nor end the warning without a word.
TEST(ApproachStage, AReconnectionLeavesTheRoadUnknownAndTheWarningOpenUntilItIsJudged) {
  Ride ride;
  drive(
      ride, 0, 3, [](double t) { return 50 - 8 * t; }, -2);
  ASSERT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  ride.reset();
  const ApproachConfig config;
  double t = 3.4;
  for (; t < 3.4 + config.confirm_unnamed_s - 0.05; t += 1.0 / 30)
    EXPECT_EQ(ride.step(t, {}).road, Road::unknown) << t;
  for (; ride.count(AlertKind::all_clear) == 0; t += 1.0 / 30) {
    const Road road = ride.step(t, {}).road;
    ASSERT_TRUE(road != Road::clear || ride.count(AlertKind::all_clear) == 1);
    ASSERT_LT(t, 8);
  }
  EXPECT_EQ(ride.step(t, {}).road, Road::clear);
  EXPECT_GT(t, 3.4 + config.all_clear_s);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 1);
}

TEST(ApproachStage, AVehicleThatIsStillThereAfterAReconnectionIsToldAnew) {
  Ride ride;
  const auto ahead = [](double t) { return 60 - 8 * t; };
  drive(ride, 0, 3, ahead, -2, 1);
  ride.reset();
  drive(ride, 3.4, 6, ahead, -2, 2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 2);
  EXPECT_EQ(ride.count(AlertKind::all_clear), 0);
}

TEST(ApproachConfig, NamesTheKeyAndTheRangeOfABadSetting) {
  const auto json = nlohmann::json::parse(R"({"type": "approach", "alert_ttc_s": 99})");
  ConfigReader reader(json, "test.json");
  ApproachConfig config;
  EXPECT_THROW(read_settings(reader, config), std::exception);
}

}  // namespace
}  // namespace rearview
