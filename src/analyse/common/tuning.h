#pragma once

#include <cstddef>
#include <opencv2/core.hpp>

// The numbers of this room that no setting changes, by the file that uses them. Where one comes
// from stands behind it: a source, a measurement, "geometry", "guard" (bounds time, memory or
// numbers, and says nothing of roads), or "judged": set by hand on the drawn roads and clips of
// docs/evaluation.md, which scripts/eval counts anew; no other source.

namespace rearview::common_tuning {

namespace growth_filter {

/// Before anything is measured a vehicle may close or recede by this, per second. Judged.
constexpr double kRateOpen = 0.4;
/// How much the rate wanders by braking, accelerating and turning: per second and square root of s.
/// Judged.
constexpr double kRateWander = 0.06;
/// Sizes change for other reasons than distance (turning, lights): share per square root of s.
/// Judged.
constexpr double kSizeWander = 0.015;
/// Errors of neighbouring measurements are alike over about this long, s. Judged by whether the
/// filter is as sure as it is right.
constexpr double kBoxErrorsLast_s = 0.08;
constexpr double kGrowthErrorsLast_s = 0.5;
/// Guard, 1/s; beyond it the vehicle is past.
constexpr double kFastest = 5;
/// Squared innovation, in variances, from which on a measurement counts less: three standard
/// deviations.
constexpr double kInnovationGate = 9;

}  // namespace growth_filter

namespace picture_history {

/// Guard: wider pictures are brought down to this; a vehicle 4 s away is wide enough.
constexpr int kWidest_px = 640;
/// Window and levels of the pyramid for Lucas-Kanade. Judged.
inline const cv::Size kFlowWindow(11, 11);
constexpr int kFlowLevels = 3;
/// Guard: 44 pictures a second.
constexpr std::size_t kMostPictures = 40;
/// Two pictures closer together than this came at once, as in a burst, s.
constexpr double kTimeSlack_s = 1e-4;

}  // namespace picture_history

namespace scale_gauge {

/// The longer side is looked at with about this many samples; finer than half a pixel tells
/// nothing. Judged.
constexpr double kSamples = 40;
constexpr double kFinest_px = 0.5;
/// Of the pyramid, from 0. Judged.
constexpr int kCoarsestLevel = 2;
constexpr float kLeastSide_px = 5;
/// The fit looks a little beyond the box, where the outline is, and trusts its middle most. Judged.
constexpr double kReach = 1.12;
constexpr double kFullWithin = 0.7;
/// Guard: rounds of the fit; it ends when it moves by less than this share of the patch.
constexpr int kRounds = 10;
constexpr double kSettled = 2e-4;
/// Grey levels: a patch that is plainer shows nothing. Judged.
constexpr double kLeastContrast = 2.5;
/// What has another look isn't what it was; what is followed must look the same: what comes to
/// stand before it must not take its box along. Judged.
constexpr double kLeastCorrelation = 0.75;
constexpr double kLeastToFollow = 0.85;
/// From what the boxes say the fit may go this far: logarithm of the scale, roll, share of the
/// side. Judged.
constexpr double kMostRescale = 0.35;
constexpr double kMostRoll = 0.15;
constexpr double kMostShift = 0.35;
/// Residuals in standard deviations from which they count less. Judged.
constexpr double kRobust = 2.0;
/// Neighbouring samples share their errors (compression works in blocks): variance times this.
/// Judged.
constexpr double kAlike = 8;
/// Of the logarithm of the scale; background shining through. Judged.
constexpr double kLeastSigma = 0.004;

}  // namespace scale_gauge

}  // namespace rearview::common_tuning
