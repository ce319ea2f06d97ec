#include "analyse/network/pace.h"

#include <gtest/gtest.h>

#include <vector>

namespace rearview {
namespace {

/// A machine that takes so long for a picture at each step, and a camera; the newest picture wins.
class Machine {
 public:
  Machine(std::vector<double> each_s, double camera_per_s)
      : each_s_(std::move(each_s)), camera_per_s_(camera_per_s), pace_(each_s_.size()) {}

  void run(double for_s) {
    for (const double until_s = now_s_ + for_s; now_s_ < until_s;) {
      const auto newest = static_cast<std::uint64_t>(now_s_ * camera_per_s_);
      if (newest <= last_) {
        now_s_ = (static_cast<double>(last_) + 1.001) / camera_per_s_;
        continue;
      }
      last_ = newest;
      if (pace_.see(newest, static_cast<double>(newest) / camera_per_s_)) ++changes_;
      now_s_ += each_s_[pace_.step()];
    }
  }
  void now_takes(std::vector<double> each_s) { each_s_ = std::move(each_s); }
  std::size_t step() const { return pace_.step(); }
  int changes() const { return changes_; }
  Pace& pace() { return pace_; }

 private:
  std::vector<double> each_s_;
  double camera_per_s_;
  Pace pace_;
  double now_s_ = 0;
  std::uint64_t last_ = 0;
  int changes_ = 0;
};

TEST(Pace, AFastMachineDoesAllOfTheWork) {
  Machine machine({0.02, 0.01}, 30);
  machine.run(600);
  EXPECT_EQ(machine.step(), 0U);
  EXPECT_EQ(machine.changes(), 0);
}

TEST(Pace, FifteenPicturesASecondOfThirtyAreEnough) {
  Machine machine({0.06, 0.03}, 30);
  machine.run(600);
  EXPECT_EQ(machine.step(), 0U);
}

TEST(Pace, ASlowCameraIsNoSlowMachine) {
  Machine machine({0.09, 0.03}, 10);
  machine.run(600);
  EXPECT_EQ(machine.step(), 0U);
}

TEST(Pace, ASlowMachineDoesAsMuchAsItCan) {
  Machine machine({0.2, 0.1, 0.05, 0.04}, 30);
  machine.run(10);
  EXPECT_EQ(machine.step(), 2U);
  machine.run(600);
  EXPECT_EQ(machine.step(), 2U) << "it loses pictures there, so that more isn't tried";
  EXPECT_NEAR(machine.pace().analysed_per_s(), 20, 1);
}

TEST(Pace, AMachineThatIsTooSlowStaysAtTheLeast) {
  Machine machine({0.5, 0.4, 0.3}, 30);
  machine.run(60);
  EXPECT_EQ(machine.step(), 2U);
}

TEST(Pace, WhatFailedIsTriedAgainSeldomer) {
  Machine machine({0.1, 0.02}, 30);  // nothing between too much and far too little
  machine.run(120);
  const int first = machine.changes();
  EXPECT_GT(first, 3);
  machine.run(1200);
  EXPECT_LT(machine.changes() - first, 12);
}

TEST(Pace, ABusyHourIsOver) {
  Machine machine({0.02, 0.01}, 30);
  machine.now_takes({0.1, 0.05});
  machine.run(600);
  EXPECT_EQ(machine.step(), 1U);
  machine.now_takes({0.02, 0.01});
  machine.run(700);
  EXPECT_EQ(machine.step(), 0U);
}

// Half a second without a picture and then all of them at once, as a radio does.
TEST(Pace, BurstsThatAreAnalysedLoseNothing) {
  Pace pace(3);
  std::uint64_t seq = 0;
  for (int burst = 0; burst < 200; ++burst) {
    for (int i = 0; i < 15; ++i) pace.see(++seq, burst * 0.5 + i * 0.001);
    EXPECT_EQ(pace.step(), 0U);
  }
}

TEST(Pace, NumbersThatStartAnewAreNoLoss) {
  Pace pace(3);
  for (int i = 0; i < 300; ++i) pace.see(static_cast<std::uint64_t>(i), i / 30.0);
  pace.reset();
  for (int i = 0; i < 300; ++i) pace.see(static_cast<std::uint64_t>(100000 + i), i / 30.0);
  EXPECT_EQ(pace.step(), 0U);
  for (int i = 0; i < 300; ++i) pace.see(static_cast<std::uint64_t>(i), i / 30.0);
  EXPECT_EQ(pace.step(), 0U);
}

}  // namespace
}  // namespace rearview
