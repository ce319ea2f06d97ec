#include <gtest/gtest.h>

#include <algorithm>

#include "tests/analyse/approach/approach_ride.h"

namespace rearview {
namespace {

using test::car;
using test::car_box;
using test::drive;
using test::Ride;

TEST(ApproachStage, WhatHasPassedIsNoLongerShownBehind) {
  Ride ride;
  const auto ahead = [](double t) { return 60 - 10 * t; };
  double t = 0;
  for (; t < 5.8; t += 1.0 / 30) ride.step(t, {car(1, car_box(ahead(t), -2.5))});
  // The tracker goes on with it for a while.
  Analysis last;
  for (; t < 6.5; t += 1.0 / 30) {
    last = ride.step(t, {car(1, cv::Rect2f(0, 100, 60, 200), true), car(2, car_box(40, 0))});
    const bool told = ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass) > 0;
    EXPECT_EQ(last.tracks.size(), told ? 1U : 2U) << t;
  }
  ASSERT_EQ(last.tracks.size(), 1U);
  EXPECT_EQ(last.tracks[0].id, 2);
  EXPECT_EQ(last.road, Road::following);
}

// A few pictures a second, or a detector that misses: nobody sees it reach the picture's edge.
TEST(ApproachStage, AVehicleThatWasNotSeenToLeaveIsPastOnceItsWayLedOut) {
  Ride ride;
  const auto ahead = [](double t) { return 60 - 10 * t; };
  drive(ride, 0, 5.2, ahead, -2.5);  // up to 8 m
  const auto unseen = [&](double t) {
    const cv::Rect2f box = car_box(std::max(0.5, ahead(t)), -2.5);
    return ride.step(t, box.empty() ? std::vector<Track>{} : std::vector{car(1, box, true)}).road;
  };
  double t = 5.2;
  for (; t < 5.6; t += 1.0 / 30) EXPECT_EQ(unseen(t), Road::danger) << "it is still in view, " << t;
  for (; t < 6; t += 1.0 / 30) unseen(t);
  EXPECT_EQ(unseen(t), Road::following);
  ASSERT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 1);
  EXPECT_NEAR(std::get<AlertPass>(ride.alerts.back().about).pass_t_s, 5.6, 0.1);
  for (; t < 9; t += 1.0 / 30) ride.step(t, {});
  EXPECT_EQ(ride.count(AlertKind::all_clear), 1);
  EXPECT_EQ(ride.kinds.back(), AlertKind::all_clear);
}

TEST(ApproachStage, AVehicleThatIsMissedWithoutAWayOutStaysADanger) {
  Ride ride;
  const auto ahead = [](double t) { return 60 - 10 * t; };
  drive(ride, 0, 5.2, ahead, 0);
  for (double t = 5.2; t < 6.2; t += 1.0 / 30) {
    const cv::Rect2f box = car_box(std::max(1.0, ahead(t)), 0);
    EXPECT_EQ(ride.step(t, {car(1, box, true)}).road, Road::danger);
  }
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 0);
}

TEST(ApproachStage, AVehicleThatIsSeenAgainWhereItWasNotExpectedIsToldAnew) {
  Ride ride;
  const auto ahead = [](double t) { return 60 - 10 * t; };
  drive(ride, 0, 5.2, ahead, -2.5);
  for (double t = 5.2; t < 6.1; t += 1.0 / 30)
    ride.step(t, {car(1, cv::Rect2f(0, 60, 120, 300), true)});
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 1);
  // It had braked, and comes now.
  drive(
      ride, 6.1, 9, [](double t) { return 12 - 3.0 * (t - 6.1); }, -2.5);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 2);
  EXPECT_EQ(ride.kinds.back(), AlertKind::vehicle_approaching);
}

/// The part of a lorry's box that is its cab; its foot is no higher, so that the lorry doesn't hide
/// it.
cv::Rect2f cab(const cv::Rect2f& lorry) {
  return cv::Rect2f(lorry.x, lorry.y + lorry.height * 0.3F, lorry.width * 0.8F,
                    lorry.height * 0.7F + 1) &
         cv::Rect2f(0, 0, 640, 360);
}

TEST(ApproachStage, APartOfAVehicleIsNoSecondPass) {
  Ride ride;
  const auto lorry = [](double t) { return car_box(60 - 10 * t, -2.5); };
  double t = 0;
  for (; t < 5.7; t += 1.0 / 30) {
    std::vector<Track> tracks{car(1, lorry(t))};
    if (t > 1) tracks.push_back(car(2, cab(lorry(t))));
    ride.step(t, tracks);
  }
  for (; t < 5.9; t += 1.0 / 30) ride.step(t, {car(2, cab(lorry(std::min(t, 5.8))))});
  for (; t < 8; t += 1.0 / 30) ride.step(t, {});
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 1);
}

// Where the track that was told is lost, the other one's pass is the vehicle's.
TEST(ApproachStage, ThePassOfAPartIsToldWhereTheWholeWasLost) {
  Ride ride;
  const auto lorry = [](double t) { return car_box(60 - 10 * t, -2.5); };
  double t = 0;
  for (; t < 5.8; t += 1.0 / 30) {
    std::vector<Track> tracks;
    if (t < 4.8) tracks.push_back(car(1, lorry(t)));
    if (t > 1) tracks.push_back(car(2, cab(lorry(t))));
    ride.step(t, tracks);
  }
  for (; t < 8; t += 1.0 / 30) ride.step(t, {});
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 1);
}

TEST(ApproachStage, WhoFollowsALorryPassesByItself) {
  Ride ride;
  const auto lorry = [](double t) { return 60 - 10 * t; };
  const auto follower = [&](double t) { return lorry(t - 1.6); };
  for (double t = 0; t < 10; t += 1.0 / 30) {
    std::vector<Track> tracks;
    for (const auto& [id, ahead] : {std::pair(1, lorry(t)), std::pair(2, follower(t))}) {
      if (ahead > 2) tracks.push_back(car(id, car_box(ahead, -2.5)));
    }
    ride.step(t, tracks);
  }
  EXPECT_EQ(ride.count(AlertKind::overtake) + ride.count(AlertKind::close_pass), 2);
}

TEST(ApproachStage, ANewTrackOfTheSameCarKeepsItsNumberAndDoesNotAlertAgain) {
  Ride ride;
  const auto ahead = [](double t) { return 60 - 8 * t; };
  drive(ride, 0, 4, ahead, -2, 1);
  for (double t = 4; t < 4.3; t += 1.0 / 30) ride.step(t, {});
  const Analysis last = drive(ride, 4.3, 6, ahead, -2, 2);
  EXPECT_EQ(ride.count(AlertKind::vehicle_approaching), 1);
  ASSERT_EQ(last.tracks.size(), 1U);
  EXPECT_EQ(last.tracks[0].id, 1);
  for (const Alert& alert : ride.alerts) {
    if (const AlertVehicle* told = alert.vehicle()) {
      EXPECT_EQ(told->track_id, 1);
    }
  }
}

TEST(ApproachStage, ATrackThatComesBackAfterItsCarHasAnotherNeverSharesItsNumber) {
  Ride ride;
  const auto left = [](int id, double t) { return car(id, car_box(50 - 8 * t, -3)); };
  const auto right = [](int id, double t) { return car(id, car_box(50 - 8 * t, 4)); };
  for (double t = 0; t < 1; t += 1.0 / 30) ride.step(t, {left(1, t)});
  for (double t = 1.1; t < 2; t += 1.0 / 30) ride.step(t, {left(2, t)});
  const Analysis last = ride.step(2, {right(1, 2), left(2, 2)});
  ASSERT_EQ(last.tracks.size(), 2U);
  EXPECT_EQ(last.tracks[1].id, 1) << "the car of old";
  EXPECT_EQ(last.tracks[0].id, 2);
}

}  // namespace
}  // namespace rearview
