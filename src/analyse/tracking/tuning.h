#pragma once

#include <cstddef>

// The numbers of this room that no setting changes, by the file that uses them. Where one comes
// from stands behind it: a source, a measurement, "geometry", "guard" (bounds time, memory or
// numbers, and says nothing of roads), or "judged": set by hand on the drawn roads and clips of
// docs/evaluation.md, which scripts/eval counts anew; no other source.

namespace rearview::tracking_tuning {

namespace box_filter {

/// Noise of detections: a share of the side, and about a pixel of the network's input. Measured
/// from the residuals of COCO networks on road video.
constexpr double kPlaceShare = 0.03;
constexpr double kPlace_px = 0.8;
constexpr double kLogSize = 0.04;
constexpr double kSize_px = 1.0;
/// A side that the border cuts is guessed from the other one. Judged.
constexpr double kLogSizeGuessed = 0.2;
/// An edge this near to the border is on it, px and share of the side: networks stop a little
/// short. Judged.
constexpr double kBorder_px = 2;
constexpr double kBorderShare = 0.006;

/// Spectral density of the acceleration, per second^1.5. The constant part is the camera's own
/// shaking, the other a vehicle that swings out or comes close. Judged.
constexpr double kShake_px = 20;
constexpr double kSwerveShare = 0.8;
constexpr double kGrowth = 0.4;

/// Uncertainty of the rates of a box seen once, per second. Judged.
constexpr double kFirstSpeed_px = 20;
constexpr double kFirstSpeedShare = 1.0;
constexpr double kFirstGrowth = 0.5;

/// Guards: keep a coasting box finite; the side in times of the picture's.
constexpr double kMostGrowth_per_s = 4;
constexpr double kMostSide = 3;

}  // namespace box_filter

namespace tracker {

/// Guard: of a picture.
constexpr std::size_t kMostDetections = 128;

/// Two detections this much alike are one vehicle. Judged.
constexpr float kSameIou = 0.5F;
constexpr float kCover = 0.6F;
/// Tracks are joined later than detections: those of two vehicles may cross. Judged.
constexpr float kSameTrackIou = 0.7F;
/// Beside a vehicle just seen, this much alike, none begins. Judged.
constexpr float kBesideIou = 0.4F;

/// Gate: least affinity for a match; boxes are widened first, by a share of their sides and by
/// pixels, so that a small box still meets its vehicle after a jolt (as in Yang et al. 2023,
/// arXiv:2211.14317). kWidenUnsure: new, or long without a detection. Judged.
constexpr double kStrongMatch = 0.15;
constexpr double kWeakMatch = 0.3;
constexpr double kWiden = 0.1;
constexpr double kWidenUnsure = 0.3;
constexpr double kWiden_px = 1.5;
/// A vehicle doesn't change its size from one picture to the next: standard deviation of the
/// logarithms of width and height at which affinity fades. Measured: halves changes of identity in
/// queues.
constexpr double kSizeChange = 0.35;
/// Affinity of an outline of movement that covers the box. Judged.
constexpr double kOutlineAffinity = 0.7;
/// A nudge, never a reason against. Judged.
constexpr double kOtherClass = 0.05;

/// Guard: a fit takes some tenths of a millisecond; the largest go first, those beyond are
/// predicted.
constexpr std::size_t kMostFollowed = 12;
/// Spread of a place, in times of a good detection's. Judged.
constexpr double kFollowSpread = 1;
constexpr double kOutlineSpread = 3;
constexpr double kWeakSpread = 1.5;
/// Memory of a track's score, per detection. Judged.
constexpr double kScoreMemory = 0.8;
/// Near, a vehicle shows best what it is: full votes from this height on, old votes fade. Judged.
constexpr double kFullVote_px = 40;
constexpr double kVoteMemory = 0.97;
/// Share of a box, below which a predicted one has left. Judged.
constexpr float kLeastVisible = 0.1F;

}  // namespace tracker

}  // namespace rearview::tracking_tuning
