#include "receive/picture_clock.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rearview {
namespace {

using std::chrono::duration_cast;

/// Holds two bursts that are kMostLate_s apart, and lets another pace be known within a second.
constexpr double kMemory_s = 1.0;
/// Guard: more pictures a second than any camera takes.
constexpr std::size_t kMostPictures = 256;
constexpr std::size_t kLeastPictures = 4;
/// Of the period: sooner behind another no camera takes a picture. One that leaves out every third
/// takes them after two thirds of the mean, one at dusk after up to this.
constexpr double kTooSoon = 0.5;
/// Bursts differ: how much later than the latest of the last second one may be.
constexpr double kSlack = 1.5;

SteadyClock::duration steady(double s) {
  return duration_cast<SteadyClock::duration>(std::chrono::duration<double>(s));
}

}  // namespace

SteadyTime PictureClock::taken(SteadyTime arrival) {
  const bool first = arrivals_.empty();
  if (!first) {
    arrival = std::max(arrival, arrivals_.back());
    if (seconds_between(arrivals_.back(), arrival) > kMostLate_s) arrivals_.clear();
  }
  arrivals_.push_back(arrival);
  while (arrivals_.size() > kMostPictures ||
         seconds_between(arrivals_.front(), arrival) > kMemory_s)
    arrivals_.pop_front();

  SteadyTime estimate = arrival;
  if (const double period = period_s(); period > 0) {
    const double late = late_s(period);
    // Later than any burst explains: the camera took none meanwhile, or they were lost.
    if (late <= explained_s(period)) estimate -= steady(late);
  }
  newest_ = first ? estimate : std::max(estimate, newest_ + kLeastStep);
  return newest_;
}

// The line below all points (number, arrival) from which they are least far off together is the
// edge of their lower hull above their mean number.
double PictureClock::period_s() const {
  if (arrivals_.size() < kLeastPictures) return 0;
  const auto slope = [this](std::size_t from, std::size_t to) {
    return seconds_between(arrivals_[from], arrivals_[to]) / static_cast<double>(to - from);
  };
  std::vector<std::size_t> hull;
  for (std::size_t i = 0; i < arrivals_.size(); ++i) {
    while (hull.size() > 1 && slope(hull[hull.size() - 2], hull.back()) >= slope(hull.back(), i))
      hull.pop_back();
    hull.push_back(i);
  }
  const auto edge = std::upper_bound(hull.begin(), hull.end() - 1, (arrivals_.size() - 1) / 2);
  return slope(*(edge - 1), *edge);
}

double PictureClock::late_s(double period_s) const {
  double least = 0;
  double line = 0;
  for (auto it = arrivals_.rbegin() + 1; it != arrivals_.rend(); ++it) {
    const double before = seconds_between(*it, arrivals_.back());
    // Not the whole memory: a picture that was lost puts the line behind for as long as this looks
    // back.
    if (before > kMostLate_s) break;
    line += period_s;
    least = std::max(least, before - line);
  }
  return least;
}

double PictureClock::explained_s(double period_s) const {
  double most = 0;
  double waited = 0;
  for (std::size_t i = 1; i < arrivals_.size(); ++i) {
    const double gap = seconds_between(arrivals_[i - 1], arrivals_[i]);
    const bool waits = waited > 0 || gap < kTooSoon * period_s;
    waited = waits ? std::max(0.0, waited + period_s - gap) : 0;
    most = std::max(most, waited);
  }
  return std::min(kSlack * most, kMostLate_s);
}

}  // namespace rearview
