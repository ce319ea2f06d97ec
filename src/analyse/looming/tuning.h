#pragma once

#include <array>
#include <cstddef>

// The numbers of this room that no setting changes, by the file that uses them. Where one comes
// from stands behind it: a source, a measurement, "geometry", "guard" (bounds time, memory or
// numbers, and says nothing of roads), or "judged": set by hand on the drawn roads and clips of
// docs/evaluation.md, which scripts/eval counts anew; no other source.
// Pixels are those of the picture worked on, 640 wide at most.

namespace rearview::looming_tuning {

/// Fewer corners are no thing: three determine a velocity and a growth. Geometry.
constexpr std::size_t kLeastMembers = 3;
/// So many corners that agree can found a thing or a part of one. Judged.
constexpr std::size_t kLeastToFound = 4;
/// A thing has depth: its parts may move differently by this share of their speed. Judged.
constexpr double kDepthShare = 0.12;
/// An edge this near to the border of what the picture shows may go on beyond it. Judged.
constexpr double kTouchesEdge_px = 9;

namespace cluster_motion {

/// Standard deviations beyond which a corner isn't of the cluster. Judged.
constexpr double kOutlier = 3.5;

}  // namespace cluster_motion

namespace corner_pattern {

/// How far a thing should have moved for its outline to stand out (px), and how far about its
/// corners the outline is sought (share of their extent). Judged.
constexpr double kOutlineShift_px = 6;
constexpr double kOutlineReach = 0.3;
constexpr double kLeastOutlineSpan_s = 0.1;
/// By how much all corners of one side may be drawn along by what lies behind them, px. Judged.
constexpr double kPatternDoubt_px = 0.25;
/// Growth from within is measured over the longest of these that most corners reach back to, s.
/// Judged.
inline constexpr std::array<double, 3> kGrowthSpans_s = {0.8, 0.56, 0.36};

}  // namespace corner_pattern

namespace ego_motion {

/// Corners, for five unknowns. Judged.
constexpr int kLeastPoints = 12;
/// Over less, as in a burst of pictures, a rate would be noise over nothing. Below one picture's
/// time at 30 a second.
constexpr double kLeastSpacing_s = 0.03;
/// Guard: a picture turns less over a second; a fit that says more has lost its way.
constexpr double kMostTurn_rad = 0.7;
/// A mount leaves the vanishing point open by about this much (5 degrees); a saddle shakes it by
/// less; it wanders by so much a picture, and is never known better. px. Judged.
constexpr double kFocusOpen_px = 45;
constexpr double kFocusShake_px = 6;
constexpr double kFocusDrift_px = 0.15;
constexpr double kFocusSettled_px = 4;

}  // namespace ego_motion

namespace light_pairs {

/// Night and dusk: dark on the whole (mean luma), and nothing but lamps is bright (share of the
/// pixels above kSkyByDay). By day the sky is. Judged.
constexpr double kDarkMean = 95;
constexpr double kMostBright = 0.04;
constexpr double kSkyByDay = 165;
/// At dusk what surrounds a lamp is darker than this; at night its own glow isn't. Luma. Judged.
constexpr double kDuskMean = 60;
constexpr double kDarkRound = 120;
/// A bridge's shadow passes sooner, s. Judged.
constexpr double kDarkFor_s = 2;
/// A lamp's luma. Judged.
constexpr double kBright = 185;
/// Shake and a road that rises, px. Judged.
constexpr double kAboveHorizon_px = 5;
/// Guard.
constexpr std::size_t kMostBlobs = 40;
/// Lamps 1.4 m apart at 117 m and at 3 m, with a focal length of 500 px. Judged.
constexpr double kLeastApart_px = 6;
constexpr double kMostApart_px = 220;
/// Height difference as a share of the distance, and ratio of the two areas. Judged.
constexpr double kLevel = 0.18;
constexpr double kAlikeAreas = 4.0;
constexpr double kLost_s = 0.25;
/// Over which growth is measured, and the least of it, s. Judged.
constexpr double kSpan_s = 0.8;
constexpr double kLeastSpan_s = 0.3;
/// Guards: where pictures come in bursts, or time stands still, numbers bound what times don't.
constexpr std::size_t kMostWidths = 128;
constexpr std::size_t kMostPairs = 128;
/// How well a blob's centre is known. Judged.
constexpr double kCentre_px = 0.35;

}  // namespace light_pairs

namespace looming_stage {

/// Corners too young for the long baseline are judged over this one, s. Judged.
constexpr double kShortBaseline_s = 0.12;
constexpr int kLeastFrames = 4;
/// A picture that shows nothing new (25 frames/s sent as 30, a stalled sender) would look like a
/// world that stopped for a moment. Mean absolute difference in grey levels; s. Judged.
constexpr double kRepeatDifference = 0.35;
constexpr double kLongestRepeat_s = 0.15;
/// Pairs of lights are reported once they have stayed together and drawn apart beyond doubt
/// (standard deviations): at rest there are many. Judged.
constexpr int kLeastPairHits = 8;
constexpr double kPairGrows = 2.0;

}  // namespace looming_stage

namespace motion_clusters {

/// Corners lie inside a vehicle's outline by about this: px and share of their extent. Judged.
constexpr double kPad_px = 2.0;
constexpr double kPadShare = 0.04;
/// Time to contact of a second. Judged.
constexpr double kMostGrowth_per_s = 1.0;
/// Width, in rows from the horizon to the foot, of what may still be one car whatever its gaps: a
/// car fills 1.2 to 2.0 of them. Geometry.
constexpr double kSurelyOneWidth = 1.5;
/// Gaps between corners within one vehicle: at most this share of its height. Judged.
constexpr double kLeastGap_px = 6;
constexpr double kGapShare = 0.4;
/// Of the height, in the lower edge between two vehicles. Judged.
constexpr double kStepShare = 0.35;
/// Spread of the corners across their main direction, relative to along it. Judged.
constexpr double kThinnest = 0.16;

}  // namespace motion_clusters

namespace moving_objects {

/// Hits by which a thing is confirmed, and the most that are counted: 0.13 and 0.8 s at 30 a
/// second. Judged.
constexpr int kConfirmedAt = 4;
constexpr int kMostHits = 24;
/// Boxes follow their outlines; equally in both directions, or noise would swell them. Judged.
constexpr double kFollowGain = 0.15;
/// What the rotation taken out may still be wrong by, px. Judged.
constexpr double kTurnDoubt_px = 0.25;
/// Nobody drives dead straight, m/s. Judged.
constexpr double kSidewaysDrift_mps = 0.3;
/// A seat post's, rounded. Judged.
constexpr double kUsualCameraHeight_m = 1.0;

}  // namespace moving_objects

namespace outline {

/// Guard: longer sides are looked at with this many samples.
constexpr double kMostSamples = 110;
/// Grey levels by which one motion must explain a pixel better, and what counts fully. Judged.
constexpr float kBetter = 2.5F;
constexpr float kFull = 10;
/// A run of columns (rows) without support that a thing may have inside, share of the core. Judged.
constexpr double kPlainShare = 0.3;
/// Support per sample of the length looked at below which a column (row) speaks against. Judged.
constexpr double kPrice = 0.035;
constexpr double kLeastSupport = 12;

}  // namespace outline

namespace plausible {

/// The most of one vehicle, in rows from the horizon to its foot. Judged.
constexpr double kWidest = 2.3;

}  // namespace plausible

namespace point_motion {

/// Standard deviations. Judged.
constexpr double kSignificant = 3.0;
/// Expansion must also exceed what a slightly wrong focus or lens feigns. Judged.
constexpr double kLeastExpansion_per_s = 0.03;
/// A thing that contracts less than this share of the road's rate isn't at rest. Judged.
constexpr double kAlongShare = 0.55;
/// Own bodywork: hardly any motion while the picture turned by several times as much. Judged.
constexpr double kFixed_px = 0.4;
constexpr double kTurnedEnough_px = 1.6;

}  // namespace point_motion

namespace point_tracker {

/// Forwards and backwards must meet (Kalal et al. 2010). Judged.
constexpr float kMostReturnError_px = 0.6F;
/// Corners are sought afresh every this many pictures. Measured: seeking costs as much as following
/// 200.
constexpr int kSeedEvery = 3;
/// Least smaller eigenvalue of the gradient matrix, in OpenCV's scale (grey 0..1 per pixel,
/// squared): a grey step of about 3 in 255 across the block. Judged.
constexpr float kLeastCorner = 6e-5F;
/// On the road and about the horizon weak corners count too: a grey car on a grey road has no
/// others. Judged.
constexpr float kLeastRoadCorner = 2.5e-5F;
/// Guard: of what stands higher than this above the horizon.
constexpr std::size_t kMostHigh = 180;
constexpr float kHigh_px = 30;
/// The reach of the eigenvalue's kernels. Geometry.
constexpr int kBorder_px = 4;
/// Sides of the cells that may hold one corner each; about the horizon, where a vehicle is first
/// seen, they are small. Judged.
constexpr int kNearHorizonCell_px = 5;
constexpr int kRoadCell_px = 12;
constexpr int kSkyCell_px = 24;
constexpr float kNearHorizon_px = 44;
constexpr int kTakenCell_px = 5;
/// Grey levels by which compression and noise disturb one pixel, and what even a sharp corner is
/// uncertain by. Judged.
constexpr double kGreyNoise = 3.5;
constexpr double kSharpest_px = 0.12;
/// Squared gradients that coding noise of about one grey level adds up to in the window of 9 x 9.
/// Judged.
constexpr double kNoiseSum = 60;

}  // namespace point_tracker

}  // namespace rearview::looming_tuning
