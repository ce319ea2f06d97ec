#include "position/odometer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace rearview {
namespace {

using namespace std::chrono_literals;

constexpr double kMetresPerDegree = 111'195;

/// A rider who goes north, as a receiver tells it.
class Rider {
 public:
  /// Goes on for some seconds, with a fix every `every_s`. noise_m: how far the position is off.
  void ride(double seconds, double speed_mps, double noise_m = 0, double every_s = 1) {
    for (double t = 0; t < seconds - 1e-9; t += every_s) {
      t_s_ += every_s;
      north_m_ += speed_mps * every_s;
      tell(speed_mps, noise_m);
    }
  }
  /// Goes on unseen.
  void vanish(double seconds, double speed_mps) {
    t_s_ += seconds;
    north_m_ += speed_mps * seconds;
  }
  void tell(double speed_mps, double noise_m = 0) {
    std::normal_distribution<double> off(0, 1);
    const double lat_deg = 48 + (north_m_ + noise_m * off(random_)) / kMetresPerDegree;
    GpsFix fix{{lat_deg, 11.5 + noise_m * off(random_) / 74'000, accuracy_m}, {}, {}};
    if (tells_speed) fix.speed_mps = std::abs(speed_mps + (noise_m > 0 ? 0.1 * off(random_) : 0));
    if (tells_time) fix.time_s = 1'795'338'000 + t_s_;
    // It arrives when it does.
    const double late_s = 0.1 * std::abs(off(random_));
    odometer.add(SteadyTime{} + std::chrono::duration_cast<SteadyClock::duration>(
                                    std::chrono::duration<double>(t_s_ + late_s)),
                 fix);
  }
  double metres() const { return odometer.travelled().distance_m; }

  Odometer odometer;
  bool tells_speed = true;
  bool tells_time = true;
  double accuracy_m = 4;

 private:
  double t_s_ = 0;
  double north_m_ = 0;
  std::minstd_rand random_{11};
};

TEST(Odometer, CountsWhatWasRidden) {
  for (const bool tells_speed : {true, false}) {
    for (const bool tells_time : {true, false}) {
      Rider rider;
      rider.tells_speed = tells_speed;
      rider.tells_time = tells_time;
      rider.ride(601, 6);
      EXPECT_NEAR(rider.metres(), 3600, 18) << tells_speed << tells_time;
      EXPECT_NEAR(rider.odometer.travelled().known_s, 600, 1);
      EXPECT_NEAR(rider.odometer.travelled().moving_s, 600, 4);
    }
  }
}

TEST(Odometer, NoiseStretchesNothing) {
  Rider rider;
  rider.ride(601, 6, 3);
  EXPECT_NEAR(rider.metres(), 3600, 36) << "zigzags of noisy positions would be twice as long";
}

TEST(Odometer, StandingAtALightAddsNothing) {
  for (const bool tells_speed : {true, false}) {
    Rider rider;
    rider.tells_speed = tells_speed;
    rider.ride(60, 6);
    const Travelled before = rider.odometer.travelled();
    rider.ride(300, 0, 2.5);
    EXPECT_LT(rider.metres() - before.distance_m, 20) << tells_speed;
    EXPECT_NEAR(rider.odometer.travelled().known_s - before.known_s, 300, 1);
    EXPECT_LT(rider.odometer.travelled().moving_s - before.moving_s, 25);
  }
}

TEST(Odometer, AShortGapIsBridgedAndALongOneIsNot) {
  Rider rider;
  rider.ride(61, 6);
  rider.vanish(40, 6);
  rider.ride(60, 6);
  EXPECT_NEAR(rider.metres(), 160 * 6, 16);
  EXPECT_NEAR(rider.odometer.travelled().known_s, 160, 2);
  const Travelled before = rider.odometer.travelled();
  rider.vanish(90, 6);
  rider.ride(11, 6);
  EXPECT_NEAR(rider.metres() - before.distance_m, 60, 1);
  EXPECT_NEAR(rider.odometer.travelled().known_s - before.known_s, 10, 0.5)
      << "the rest isn't known";
}

TEST(Odometer, AGapAtALightAddsNothing) {
  Rider rider;
  rider.ride(60, 6);
  rider.ride(2, 0);
  const double before = rider.metres();
  rider.vanish(40, 0);
  rider.tell(0, 2);
  EXPECT_EQ(rider.metres(), before);
}

TEST(Odometer, ALeapOfThePositionIsNoWay) {
  Rider rider;
  rider.tells_speed = false;
  rider.ride(61, 6);
  const Travelled before = rider.odometer.travelled();
  rider.vanish(1, 2000);
  rider.tell(6);
  EXPECT_EQ(rider.metres(), before.distance_m);
  EXPECT_EQ(rider.odometer.travelled().known_s, before.known_s) << "nor is it known what was";
  rider.ride(20, 6);
  EXPECT_NEAR(rider.metres() - before.distance_m, 120, 16);
}

TEST(Odometer, AReceiverWhoseClockIsSetCountsByOurs) {
  Odometer odometer;
  GpsFix fix{{48, 11.5, 4.0}, 6.0, 1000};
  odometer.add(SteadyTime{10s}, fix);
  fix.time_s = 4600;
  odometer.add(SteadyTime{11s}, fix);
  EXPECT_NEAR(odometer.travelled().distance_m, 6, 1e-9);
  fix.time_s = 4599;  // back by as much as clocks may differ
  odometer.add(SteadyTime{11500ms}, fix);
  EXPECT_NEAR(odometer.travelled().distance_m, 6, 1e-9) << "time doesn't run back";
}

}  // namespace
}  // namespace rearview
