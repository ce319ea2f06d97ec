#pragma once

#include <chrono>
#include <deque>

#include "base/clock.h"

namespace rearview {

/// Estimates from when the pictures of one connection arrived when they were taken: a radio that
/// is short of air holds pictures back and lets them through in bursts, and over intervals that are
/// none nothing's growth can be measured.
///
/// The least delayed pictures tell the truth: a line below all arrivals of the last second, as near
/// to them as it can be, has the camera's pace as its slope (Moon, Skelly and Towsley, "Estimation
/// and removal of clock skew from network delay measurements", INFOCOM 1999), and the last of each
/// burst lies on it. What came late by it is put back on it, but only by about as much as pictures
/// have been shown to be late: by others that came sooner behind them than a camera takes them.
/// Where none did, the estimate is the arrival: a camera may take its pictures unevenly, lose some
/// or pause. One thread.
class PictureClock {
 public:
  /// A picture is never taken to be older at its arrival.
  static constexpr double kMostLate_s = 0.5;
  /// So much later than the last one at least, though more may have come in one moment.
  static constexpr std::chrono::microseconds kLeastStep{1};

  /// Of the next picture, in the order of arrival. Rises strictly; not later than the arrival, but
  /// for kLeastStep a picture where several have the same. An arrival before the last one's counts
  /// as that; after a pause longer than kMostLate_s everything begins anew.
  SteadyTime taken(SteadyTime arrival);

 private:
  /// Of the camera, s; 0: not known.
  double period_s() const;
  /// How late a picture may be held to be, s.
  double explained_s(double period_s) const;
  /// How late the newest picture is by the line, s.
  double late_s(double period_s) const;

  std::deque<SteadyTime> arrivals_;  // of the last second
  SteadyTime newest_;                // estimate
};

}  // namespace rearview
