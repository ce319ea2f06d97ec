#include "receive/picture_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "tests/support/watched_picture_clock.h"

namespace rearview {
namespace {

constexpr double kPeriod_s = 1.0 / 30;

/// A picture, s: when it was taken, when it arrived, and what the clock says.
struct Timed {
  double taken = 0;
  double arrived = 0;
  double told = 0;
};

std::vector<double> evenly(std::size_t count, double period_s = kPeriod_s, double from_s = 0) {
  std::vector<double> taken(count);
  for (std::size_t i = 0; i < count; ++i) taken[i] = from_s + static_cast<double>(i) * period_s;
  return taken;
}

std::vector<double> without(std::vector<double> taken, double from_s, double to_s) {
  std::erase_if(taken, [&](double t) { return t > from_s && t < to_s; });
  return taken;
}

/// A link that lets through all that has come each so many seconds, one picture behind the other.
std::vector<double> in_bursts(const std::vector<double>& taken, double each_s) {
  std::vector<double> arrived;
  for (const double t : taken) {
    const double opens = std::ceil(t / each_s - 1e-9) * each_s;
    arrived.push_back(arrived.empty() ? opens : std::max(opens, arrived.back() + 0.001));
  }
  return arrived;
}

/// A link that keeps each picture for up to so long.
std::vector<double> jittered(const std::vector<double>& taken, double most_s) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> delay(0, most_s);
  std::vector<double> arrived;
  for (const double t : taken)
    arrived.push_back(std::max(arrived.empty() ? 0 : arrived.back(), t + delay(random)));
  return arrived;
}

/// Runs the clock, which is held to what it promises of any arrivals.
std::vector<Timed> told(const std::vector<double>& taken, const std::vector<double>& arrived) {
  const SteadyTime start{std::chrono::hours(5)};
  test::WatchedPictureClock clock;
  std::vector<Timed> pictures;
  for (std::size_t i = 0; i < arrived.size(); ++i) {
    const auto at = std::chrono::duration_cast<SteadyClock::duration>(
        std::chrono::duration<double>(arrived[i]));
    pictures.push_back({taken[i], arrived[i], seconds_between(start, clock.taken(start + at))});
  }
  return pictures;
}

/// How wrong intervals of ten pictures are, s, as told and as arrived: of this share of those taken
/// in this time, at most.
std::pair<double, double> wrong_s(const std::vector<Timed>& pictures, double share,
                                  double from_s = 1, double to_s = 1e9) {
  std::vector<double> as_told;
  std::vector<double> as_arrived;
  for (std::size_t i = 10; i < pictures.size(); ++i) {
    const Timed& one = pictures[i - 10];
    const Timed& other = pictures[i];
    if (one.taken < from_s || other.taken > to_s) continue;
    const double step = other.taken - one.taken;
    as_told.push_back(std::abs(other.told - one.told - step));
    as_arrived.push_back(std::abs(other.arrived - one.arrived - step));
  }
  std::ranges::sort(as_told);
  std::ranges::sort(as_arrived);
  const auto at = static_cast<std::size_t>(share * static_cast<double>(as_told.size() - 1));
  return {as_told.at(at), as_arrived.at(at)};
}

void expect_arrival(const std::vector<Timed>& pictures) {
  for (const Timed& one : pictures)
    EXPECT_NEAR(one.told, one.arrived, 1e-6) << "taken at " << one.taken;
}

TEST(PictureClock, WhatComesEvenlyWasTakenWhenItCame) {
  const auto taken = evenly(300);
  expect_arrival(told(taken, jittered(taken, 0.005)));
}

TEST(PictureClock, BurstsAreTakenApart) {
  for (const int size : {4, 7, 15}) {
    const auto taken = evenly(300);
    const auto pictures = told(taken, in_bursts(taken, size * kPeriod_s));
    const auto [wrong, wrong_of_arrival] = wrong_s(pictures, 1, 3 * size * kPeriod_s);
    EXPECT_LT(wrong, 0.002) << size;
    EXPECT_GT(wrong_of_arrival, 0.06) << size;
  }
}

TEST(PictureClock, BurstsThatKeepNoTimeWithTheCameraAreTakenApart) {
  for (const double each_s : {0.13, 0.17, 0.23, 0.31}) {
    const auto taken = evenly(300);
    const auto pictures = told(taken, in_bursts(taken, each_s));
    EXPECT_LT(wrong_s(pictures, 0.9, 3 * each_s).first, 1.1 * kPeriod_s) << each_s;
  }
}

TEST(PictureClock, BurstsOfAnySizeAreTakenApartButForTheFirstOfTheLargest) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> pause(0.01, 0.25);
  const auto taken = evenly(900);
  std::vector<double> arrived;
  double opens = 0;
  for (const double t : taken) {
    while (opens < t) opens += pause(random);
    arrived.push_back(arrived.empty() ? opens : std::max(opens, arrived.back() + 0.001));
  }
  const auto pictures = told(taken, arrived);
  EXPECT_LT(wrong_s(pictures, 0.5).first, wrong_s(pictures, 0.5).second / 4);
  EXPECT_LT(wrong_s(pictures, 0.9).first, wrong_s(pictures, 0.9).second / 4);
}

TEST(PictureClock, BurstsFurtherApartThanAPictureMayBeLateStayWhatTheyAre) {
  const auto taken = evenly(300);
  expect_arrival(told(taken, in_bursts(taken, 1)));
}

TEST(PictureClock, TheDelayOfMostPicturesIsTakenAway) {
  const auto taken = evenly(900);
  const auto pictures = told(taken, jittered(taken, 0.06));
  EXPECT_LT(wrong_s(pictures, 0.5).first, wrong_s(pictures, 0.5).second / 2);
  EXPECT_LT(wrong_s(pictures, 0.9).first, wrong_s(pictures, 0.9).second / 1.5);
}

TEST(PictureClock, WhatTheCameraDidNotTakeIsNoDelay) {
  for (const double s : {0.1, 0.3, 0.6, 3.0}) {
    const auto taken = without(evenly(300), 5, 5 + s);
    expect_arrival(told(taken, taken));
  }
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uneven(1 / 30.0, 1 / 15.0);
  std::vector<double> at_dusk;
  for (double t = 0; t < 30; t += uneven(random)) at_dusk.push_back(t);
  expect_arrival(told(at_dusk, jittered(at_dusk, 0.002)));
  std::vector<double> two_of_three = evenly(300);
  for (std::size_t i = two_of_three.size(); i-- > 0;)
    if (i % 3 == 2) two_of_three.erase(two_of_three.begin() + static_cast<std::ptrdiff_t>(i));
  expect_arrival(told(two_of_three, two_of_three));
}

TEST(PictureClock, BehindAPauseBetweenBurstsItIsRightAgainWithinASecond) {
  for (const double s : {0.1, 0.2, 0.3, 0.4, 0.6, 3.0}) {
    const auto taken = without(evenly(600), 10, 10 + s);
    const auto pictures = told(taken, in_bursts(taken, 7 * kPeriod_s));
    EXPECT_LT(wrong_s(pictures, 1, 10 + s + 1).first, 0.002) << s;
    // And what was amiss is no more than by the arrivals, or a burst.
    EXPECT_LT(wrong_s(pictures, 1, 9.5, 11 + s).first, 7 * kPeriod_s) << s;
  }
}

TEST(PictureClock, ALostPictureDoesNotShiftThoseBehindIt) {
  auto taken = evenly(600);
  taken.erase(taken.begin() + 300);
  expect_arrival(told(taken, taken));
  const auto pictures = told(taken, in_bursts(taken, 7 * kPeriod_s));
  EXPECT_LT(wrong_s(pictures, 1, 9, 10).first, 0.002);
  EXPECT_LT(wrong_s(pictures, 1, 10, 11).first, 1.5 * kPeriod_s);
  EXPECT_LT(wrong_s(pictures, 1, 11).first, 0.002);
  for (std::size_t i = 330; i < pictures.size(); ++i)
    EXPECT_NEAR(pictures[i].told - pictures[i].taken, pictures[200].told - pictures[200].taken,
                0.002);
}

TEST(PictureClock, AnotherPaceIsKnownWithinASecond) {
  for (const auto& [before, after] : {std::pair{30.0, 15.0}, {15.0, 30.0}, {30.0, 60.0}}) {
    auto taken = evenly(static_cast<std::size_t>(10 * before), 1 / before);
    const auto more = evenly(static_cast<std::size_t>(10 * after), 1 / after, 10);
    taken.insert(taken.end(), more.begin(), more.end());
    expect_arrival(told(taken, taken));
    const auto pictures = told(taken, in_bursts(taken, 8 / 30.0));
    EXPECT_LT(wrong_s(pictures, 1, 9, 10).first, 0.002) << before << " to " << after;
    EXPECT_LT(wrong_s(pictures, 1, 11).first, 0.002) << before << " to " << after;
  }
}

TEST(PictureClock, KeepsItsPromisesWhateverArrives) {
  std::mt19937 random(1);
  const std::vector<double> steps = {0,    0,   0,     1e-9, 1e-6, 1e-4, 0.001, 0.01, 0.033,
                                     0.05, 0.2, 0.499, 0.5,  0.51, 2,    3600,  1e5,  -0.1};
  std::uniform_int_distribution<std::size_t> any(0, steps.size() - 1);
  std::uniform_int_distribution<int> times(1, 60);
  std::vector<double> arrived{0};
  while (arrived.size() < 20000) {
    const double step = steps[any(random)];
    for (int i = step < 1 ? times(random) : 1; i > 0; --i) arrived.push_back(arrived.back() + step);
  }
  told(arrived, arrived);
}

}  // namespace
}  // namespace rearview
