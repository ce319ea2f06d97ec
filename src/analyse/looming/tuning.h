#pragma once

#include <array>
#include <cstddef>

// The numbers of this room that no setting changes, by the file that uses them. Where one comes
// from stands behind it: a source, a measurement, "geometry", "guard" (bounds time, memory or
// numbers, and says nothing of roads), "format" (another would be wrong, not another judgement), or
// "judged": set by hand on the drawn roads and clips of docs/evaluation.md, which scripts/eval
// counts anew; no other source. scripts/eval --sensitivity moves each but guards and formats, and
// says what that changes (docs/sensitivity.md).
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
/// Standard deviations within which two values agree, or a residual is noise: normal distribution,
/// 99.7 %.
constexpr double kAgree = 3;
/// Standard deviations per median of the magnitudes of what is normally distributed about 0:
/// 1 / (quantile of 3/4).
constexpr double kSigmaPerMedian = 1.4826;

namespace cluster_motion {

/// Rounds of the fit; before the first, corners count less from so many of their standard
/// deviations on, then from fewer by each round, down to the last. Judged.
constexpr int kClusterRounds = 6;
constexpr double kWidest_sigma = 4;
constexpr double kNarrowsTo = 0.7;
constexpr double kNarrowest_sigma = 1.5;
/// Growth beyond this is rare, 1/s: a prior that only matters without evidence. Judged.
constexpr double kGrowthOpen_per_s = 1;
/// By how much the variance of the growth is widened where too few corners count to tell. Judged.
constexpr double kExcessUntold = 2;

/// Standard deviations beyond which a corner isn't of the cluster. Judged.
constexpr double kOutlier = 3.5;

}  // namespace cluster_motion

namespace corner_pattern {

/// How far a thing should have moved for its outline to stand out (px), and how far about its
/// corners the outline is sought (share of their extent). Judged.
constexpr double kOutlineShift_px = 6;
constexpr double kOutlineReach = 0.3;
constexpr double kOutlineReach_px = 4;
constexpr double kLeastOutlineSpan_s = 0.1;
/// Variance of a corner's place, all alike, px squared. Judged.
constexpr double kOutlineVariance_px2 = 0.05;
/// A neighbour whose middle is off by more than this share of the width stands beside. Judged.
constexpr double kBeside = 0.4;
/// By how much all corners of one side may be drawn along by what lies behind them, px. Judged.
constexpr double kPatternDoubt_px = 0.25;
/// Growth from within is measured over the longest of these that most corners reach back to, s.
/// Judged.
inline constexpr std::array<double, 3> kGrowthSpans_s = {0.8, 0.56, 0.36};
/// Of the span, what pictures must reach back, and of the corners, those that must. Judged.
constexpr double kSpanReached = 0.7;
constexpr double kReachBack = 0.4;

}  // namespace corner_pattern

namespace ego_motion {

/// Corners, for five unknowns. Judged.
constexpr int kLeastPoints = 12;
/// Over less, as in a burst of pictures, a rate would be noise over nothing. Below one picture's
/// time at 30 a second.
constexpr double kLeastSpacing_s = 0.03;
/// Guards: a picture turns less over a second, and its focus is nearer than this, in focal lengths;
/// a fit that says more has lost its way.
constexpr double kMostTurn_rad = 0.7;
constexpr double kMostFocus = 10;
/// Guard: what would turn out of the camera's half of the world has this depth, and so goes far out
/// of the picture.
constexpr double kLeastAhead = 1e-3;
/// Guard: weight of a rotation of none, which only matters where nothing tells it.
constexpr double kNoTurnWeight = 1e-6;
/// What lies no lower than this below the focus is far away, share of the picture's height. Judged.
constexpr double kFarBelow = 0.08;
/// Rounds of the fit, and what corners may be off by before the first and after the last, px.
/// Judged.
constexpr int kEgoRounds = 8;
constexpr double kNoiseOpen_px = 4;
constexpr double kLeastNoise_px = 0.25;
/// Nearer to the focus a corner doesn't tell the way across. Judged.
constexpr double kLeastFocusReach_px = 8;
/// A corner flows along the lines through the focus, if by more than this and so many times the
/// noise. Judged.
constexpr double kFlows_px = 1;
constexpr double kFlows_sigma = 2.5;
/// The camera rides while so many of the corners that fit flow; mean of it, gain of each picture.
/// Judged.
constexpr double kFlowShare = 0.25;
constexpr double kRidingGain = 0.1;
/// More often than not.
constexpr double kMostlyRiding = 0.5;
/// A mount leaves the vanishing point open by about this much (5 degrees); a saddle shakes it by
/// less; it wanders by so much a picture, and is never known better. px. Judged.
constexpr double kFocusOpen_px = 45;
constexpr double kFocusShake_px = 6;
constexpr double kFocusDrift_px = 0.15;
constexpr double kFocusSettled_px = 4;
/// The mean learns where a picture leaves less than this share of the doubt before; as pictures
/// overlap, each counts for no more than a sight through this many shakes. Judged.
constexpr double kTells = 0.7;
constexpr double kSightShakes = 4;

/// The road: from so far below the focus, share of the picture's height, and within so many rows
/// below the focus to each side. Judged.
constexpr double kRoadFrom = 0.06;
constexpr double kRoadAside = 4;
/// Corners; the kernel in which their rates agree, share of the rate and standard deviations; of
/// all weight, what must lie in it. Judged.
constexpr std::size_t kLeastRates = 6;
constexpr double kKernelShare = 0.15;
constexpr double kKernel_sigma = 1.5;
constexpr double kRoadShare = 0.25;
/// Gain of each picture, and what stays of the rate in one that shows no road. Judged.
constexpr double kRoadGain = 0.15;
constexpr double kRoadKept = 0.98;

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
/// A lamp is round: pixels at least; times as long as wide at most, and the slack of small ones,
/// px; of its frame it fills one part in so many at least (a disc fills three in four). Judged.
constexpr int kLeastArea_px = 2;
constexpr int kMostLong = 3;
constexpr int kLongSlack_px = 2;
constexpr int kLeastFilled = 3;
/// Shake and a road that rises, px. Judged.
constexpr double kAboveHorizon_px = 5;
/// Guard.
constexpr std::size_t kMostBlobs = 40;
constexpr int kLeastBand_px = 8;
/// A car, m: its headlights, 1.2 m up at most (UNECE R48), and its outline. Judged.
constexpr double kLightsApart_m = 1.4;
constexpr double kLightsUp_m = 0.65;
constexpr double kCarWidth_m = 1.8;
constexpr double kCarHeight_m = 1.5;
/// Lamps 1.4 m apart at 117 m and at 3 m, with a focal length of 500 px. Judged.
constexpr double kLeastApart_px = 6;
constexpr double kMostApart_px = 220;
/// Height difference as a share of the distance, with a slack, and ratio of the two areas. Judged.
constexpr double kLevel = 0.18;
constexpr double kLevelSlack_px = 1;
constexpr double kAlikeAreas = 4.0;
/// How far below the horizon, in distances between the two: by the camera's height. Judged.
constexpr double kMostBelow = 1.2;
/// Of two pairs the nearer lights are one, but for this: by the logarithm of the ratio of their
/// areas, and by px of their height difference. Judged.
constexpr double kUnlikeCost = 0.3;
constexpr double kTiltCost = 3;
/// A known pair moves no further from picture to picture, and draws apart by no more: share of the
/// distance, px. Judged.
constexpr double kPairMoves = 0.35;
constexpr double kPairMoves_px = 4;
constexpr double kPairParts = 0.15;
constexpr double kPairParts_px = 2;
/// Judged.
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
/// Guards: pictures of the short baseline at least, and which of the rows are compared.
constexpr int kLeastBack = 2;
constexpr int kEveryFourthRow = 4;
/// A picture that shows nothing new (25 frames/s sent as 30, a stalled sender) would look like a
/// world that stopped for a moment. Mean absolute difference in grey levels; s. Judged.
constexpr double kRepeatDifference = 0.35;
constexpr double kLongestRepeat_s = 0.15;
/// Pairs of lights are reported once they have stayed together and drawn apart beyond doubt
/// (standard deviations): at rest there are many. Judged.
constexpr int kLeastPairHits = 8;
constexpr double kPairGrows = 2.0;
/// A thing that shares more than this of the smaller box with a pair is the same. Judged.
constexpr double kLitShare = 0.3;
/// Scores: what all begin with; what pairs add, by hits; what things add, by corners (to 63 % of it
/// with so many) and, but for a share of it, by hits. Judged.
constexpr double kFirstScore = 0.3;
constexpr double kPairScore = 0.5;
constexpr double kPairHits = 15;
constexpr double kThingScore = 0.65;
constexpr double kThingCorners = 6;
constexpr double kThingHits = 12;
constexpr double kHitsShare = 0.6;

}  // namespace looming_stage

namespace mean_growth {

/// Guards: growth that would end sooner, or shrinking as fast, is no vehicle's.
constexpr double kLeastLead = 0.5;
constexpr double kMostLead = 1.5;

}  // namespace mean_growth

namespace motion_clusters {

/// Corners lie inside a vehicle's outline by about this: px and share of their extent. Judged.
constexpr double kPad_px = 2.0;
constexpr double kPadShare = 0.04;
/// Time to contact of a second. Judged.
constexpr double kMostGrowth_per_s = 1.0;
/// Two corners are joined within this: rows from the horizon to the lower, px at least and at most.
/// Judged.
constexpr double kLink = 0.5;
constexpr double kLeastLink_px = 9;
constexpr double kMostLink_px = 60;
/// Distances count as these, where both belonged to one thing before or to two. Judged.
constexpr double kTogether = 0.6;
constexpr double kApart = 1.6;
/// Standard deviations by which they may move differently. Judged.
constexpr double kAlike_sigma = 2.5;
/// A prior of this growth, 1/s, keeps a pair of corners from claiming any growth it likes. Judged.
constexpr double kGrowthPrior_per_s = 0.5;
/// Two clusters are one while what one velocity and one growth leave over, squares in variances, is
/// at most this of each corner, and joining them adds at most this of each of the fewer; and as
/// much for all. Expected of a corner: two. Judged.
constexpr double kMisfitEach = 2;
constexpr double kAddedEach = 4;
constexpr double kMisfitSlack = 4;
/// What is smaller may stand anywhere. Judged.
constexpr double kSmall_px = 12;
/// Of a cluster's corners, what must agree. Judged.
constexpr double kAgreeShare = 0.6;
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
/// A cluster that fits a thing takes away so many hits where it can't be a whole vehicle. Judged.
constexpr int kUnfitHits = 2;
/// Of what both cover, a thing and a cluster without a common corner. Judged.
constexpr double kCovers = 0.3;
/// A thing ends where it gets smaller, or less than this share of it is in what the picture shows.
/// Judged.
constexpr double kLeastSide_px = 3;
constexpr double kLeastShown = 0.3;
/// Two things are one, where they share this of the smaller box, and grow alike: by this or what
/// their doubts allow, 1/s. Judged.
constexpr double kOneShare = 0.5;
constexpr double kOneGrowth_per_s = 0.1;
/// Guards: what carries a box along; how near to the focus, and how little below it, a thing's way
/// out of the focus is taken for.
constexpr double kMostCarried_per_s = 1;
constexpr double kLeastReach_px = 3;
constexpr double kLeastBelow_px = 2;
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
/// Guards: what is smaller has no outline, px and samples; rounds of columns and rows.
constexpr double kLeastRoom_px = 6;
constexpr int kLeastSamples = 3;
constexpr int kOutlineRounds = 2;
/// Side of the square over which differences are averaged, samples. Judged.
constexpr int kBlur = 3;
/// Grey levels by which one motion must explain a pixel better, and what counts fully. Judged.
constexpr float kBetter = 2.5F;
constexpr float kFull = 10;
/// A run of columns (rows) without support that a thing may have inside, share of the core, and
/// samples at least. Judged.
constexpr double kPlainShare = 0.3;
constexpr int kLeastPlain = 3;
/// Support per sample of the length looked at below which a column (row) speaks against. Judged.
constexpr double kPrice = 0.035;
constexpr double kLeastSupport = 12;

}  // namespace outline

namespace plausible {

// In rows from the horizon to the foot, which are 0.9 m (0.6 to 1.5 m) there; px: what rows so few
// are wrong by.

/// The most of one vehicle: 2.1 m wide, and what is cut off by the picture's edge and shows its
/// flank; 5 m high. Judged.
constexpr double kWidest = 2.3;
constexpr double kWidestCut = 6;
constexpr double kWidestSlack_px = 4;
constexpr double kHighest = 5.5;
constexpr double kHighestSlack_px = 8;
/// And the flattest of one that isn't cut off, width in heights. Judged.
constexpr double kFlattest = 3.2;
constexpr double kFlattestSlack_px = 6;
/// Rows of the foot below the horizon, at least. Judged.
constexpr double kFootBelow_px = 1.5;
/// The least of a whole one: sides; width in heights; height in widths; a rider, 0.5 m wide with
/// the camera at 1.5 m, and a body of 1 m. Judged.
constexpr double kLeastWhole_px = 5;
constexpr double kSlimmest = 0.2;
constexpr double kFlattestWhole = 0.25;
constexpr double kNarrowest = 0.3;
constexpr double kLowest = 0.7;

}  // namespace plausible

namespace point_motion {

/// Standard deviations. Judged.
constexpr double kSignificant = 3.0;
/// A corner strays that moves across the lines to the focus by so many standard deviations, and by
/// this share of what it moves along them. Judged.
constexpr double kAstray_sigma = 4;
constexpr double kAstrayShare = 0.35;
/// Of the variance that the camera's own motion leaves over, what all corners share. Judged.
constexpr double kCommonNoise = 0.5;
/// Guard: nearer to the focus than this counts as this.
constexpr double kLeastArm_px = 2;
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
/// Guards: rounds of Lucas-Kanade; it ends when it moves by less, px; levels on the way back, which
/// begins where it should end; least smaller eigenvalue, in OpenCV's scale.
constexpr int kFlowRounds = 12;
constexpr double kFlowSettled_px = 0.02;
constexpr int kReturnLevels = 1;
constexpr double kLeastFlowCorner = 1e-5;
/// Corners are sought afresh every this many pictures. Measured: seeking costs as much as following
/// 200.
constexpr int kSeedEvery = 3;
/// Least smaller eigenvalue of the gradient matrix, in OpenCV's scale (grey 0..1 per pixel,
/// squared): a grey step of about 3 in 255 across the block. Judged.
constexpr float kLeastCorner = 6e-5F;
/// On the road and about the horizon weak corners count too: a grey car on a grey road has no
/// others. Judged.
constexpr float kLeastRoadCorner = 2.5e-5F;
/// Side of the block in which a corner is sought. Judged.
constexpr int kCornerBlock = 3;
/// Format: side of the gradient's kernel; OpenCV has some odd ones only.
constexpr int kCornerKernel = 3;
/// Guards: corners in all, and of what stands higher than this above the horizon.
constexpr std::size_t kMostCorners = 700;
constexpr std::size_t kMostHigh = 180;
/// Judged.
constexpr float kHigh_px = 30;
/// The reach of the eigenvalue's kernels. Geometry.
constexpr int kBorder_px = 4;
/// Paths that run into one cell, at most. Judged.
constexpr int kMostInCell = 2;
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
/// Half a side of the window in which gradients are summed up, 9 x 9, and the squared gradients
/// that coding noise of about one grey level adds up to there. Judged.
constexpr int kStructureReach_px = 4;
constexpr double kNoiseSum = 60;

}  // namespace point_tracker

namespace similarity_transform {

/// Rounds of the fit; squares, in variances, from which on a corner counts less: three standard
/// deviations in each of two directions.
constexpr int kSimilarityRounds = 5;
constexpr double kSimilarityRobust = 18;
/// Corners that count, times two: one more than the four unknowns. Geometry.
constexpr double kLeastCount = 5;
/// Guards: a scale that isn't known better says nothing, nor one beyond these.
constexpr double kMostScaleVariance = 1;
constexpr double kLeastScale = 0.2;
constexpr double kMostScale = 5;

}  // namespace similarity_transform

}  // namespace rearview::looming_tuning
