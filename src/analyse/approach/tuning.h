#pragma once

#include <array>
#include <cstddef>

// The numbers of this room that no setting changes. Where one comes from stands behind it: a
// source, a measurement, "geometry", "guard" (bounds time, memory or numbers, and says nothing of
// roads), or "judged": set by hand on the drawn roads and clips of docs/evaluation.md, which
// scripts/eval counts anew; no other source.

namespace rearview::approach_tuning {

// -- estimator: boxes ---------------------------------------------------------------------------
/// Noise of a box's edge: pixels, and share of the side. Judged.
constexpr double kBoxNoise_px = 0.7;
constexpr double kBoxNoiseShare = 0.018;
/// The same share where growth is measured besides: boxes of a detector of movement grow as it
/// finds more of the vehicle. Judged.
constexpr double kLooseBoxShare = 0.12;
/// A box this near to the edge of what the picture shows is cut by it: pixels, share of the width.
/// Networks stop a little short of the edge. Judged.
constexpr float kCutMargin_px = 3;
constexpr float kCutMarginShare = 0.006F;
/// Boxes of what comes into view end this share of the width short of the edge. Judged.
constexpr float kNearEdgeShare = 0.03F;
/// An inner edge farther than this share of the width from the vanishing point runs outwards as
/// the vehicle comes. Judged.
constexpr double kOffsetShare = 0.05;
constexpr double kOffsetNoise_px = 2;
/// Guard: pictures in a burst, or while time stands still, are bounded in number, too.
constexpr std::size_t kMostKept = 256;
/// Narrower (lower) boxes tell no distance, pixels. Judged.
constexpr float kLeastForDistance_px = 6;

// -- estimator: motion --------------------------------------------------------------------------
/// Growth per second below which a vehicle holds its distance: 1 m/s at 25 m. Judged.
constexpr double kHolding_per_s = 0.04;
/// Growth is known well enough to say that it holds. Per second. Judged.
constexpr double kHoldingSigma_per_s = 0.06;
/// Bearing, as a tangent: what the vanishing point leaves over; how a bearing's rate wanders (per
/// s^1.5), and how large it may be at first (per s). Judged.
constexpr double kBearingShake = 0.006;
constexpr double kBearingNoise_px = 1.5;
constexpr double kBearingAcceleration = 0.25;
constexpr double kFirstBearingRate = 0.5;
/// Memory of what a track is and of whether its growth was measured, s. Judged.
constexpr double kMemory_s = 0.3;
/// Guard: a vehicle that was lost for long comes back at the distance it then shows, not at one
/// that its old growth leads to. Logarithm of the most that is carried on.
constexpr double kMostCarried = 1;
/// Trend: growth of this long ago and of now are compared; tau-dot differs from -1 by this much
/// (Lee 1976; -1 is constant speed, -0.5 a braking that just ends at contact). Judged.
constexpr double kTrendMemory_s = 1.5;
constexpr double kTrendSpan_s = 0.6;
constexpr double kTrendSlope = 0.4;

// -- estimator: distance ------------------------------------------------------------------------
/// Doubt of the horizon's row beside the view's own, px. Judged.
constexpr double kHorizonDoubt_px = 4;
/// Doubt of where the foot of a box stands on the road, share of the distance. Judged.
constexpr double kFootShare = 0.15;
/// Doubt of a box's side when it tells a distance, px. Judged.
constexpr double kSideDoubt_px = 2;
/// Share by which one picture moves the distance: the errors of size and horizon stay the same from
/// picture to picture, so this is a slow mean and no filter. Judged.
constexpr double kDistanceGain = 0.1;
/// Where size and horizon disagree, this share of half their difference counts as doubt. Judged.
constexpr double kDisagreementShare = 0.5;
/// Pictures of a car that tell the camera's height: so many, so wide, so far below the horizon (in
/// doubts of it). At 30 a second most of a second. Judged.
constexpr int kHeightPictures = 20;
constexpr float kHeightWidth_px = 25;
constexpr double kSurelyBelow = 3;

// -- estimator: sides ---------------------------------------------------------------------------
/// Less far to a side it is right behind. Metres; tangent where the distance
/// isn't known. Measured on 19 drawn roads by day: 1 % of sides wrong.
constexpr double kBeside_m = 0.6;
constexpr double kBesideTangent = 0.01;
/// So far from the middle (0) to the picture's edge (1), what comes closer leaves at the side.
/// Judged.
constexpr double kToTheSide = 0.25;
/// Lateral distances less sure than this aren't told, m. Judged.
constexpr double kSureLateral_m = 3;

// -- gates --------------------------------------------------------------------------------------
/// A running score above it: a detector knows it for a vehicle, not a guess now and then. Judged.
constexpr double kKnownScore = 0.2;
/// Near, a slow approach counts too: 5 m behind and 0.3 m/s faster. Per second.
constexpr double kNearGrowth_per_s = 0.06;
/// First seen nearer than this, a vehicle has come from beside or ahead, unless it was overlooked.
/// m. Judged.
constexpr double kFromBehind_m = 8;
/// Share of the last moments in which growth must have been measured in the picture. Judged.
constexpr double kLeastMeasured = 0.4;
/// A vehicle's boxes agree with its growth over this span to this share of their size. Judged.
constexpr double kPlaceSpan_s = 0.4;
constexpr double kPlaceSpanShare = 0.7;
constexpr double kPlaceSlack = 0.15;
/// Over this span boxes are steady enough to grow by themselves, at least by this share of what was
/// measured: what is half hidden behind another is easily laid over the other. Judged.
constexpr double kSlopeSpan_s = 0.6;
constexpr double kLeastSlope = 0.3;
/// For how long after its last detection a known vehicle explains what grows beside it, and hides
/// what is behind it. s. Judged.
constexpr double kExplains_s = 0.5;
/// The share of a vehicle's box that another covers when it hides it. Judged.
constexpr float kHidden = 0.35F;
/// Two boxes are parts of one vehicle when this share of the smaller lies in the other. Judged.
constexpr float kSameBox = 0.5F;
constexpr double kSameBoxLasts_s = 0.5;
/// A lateral distance less sure than this makes no close pass, m. Judged.
constexpr double kClosePassSigma_m = 1;

// -- rivals -------------------------------------------------------------------------------------
// "Fitted": by the logarithm of the likelihood of what came true within 10 s of 3440 moments of
// tracks, four a second: the clips of docs/evaluation.md and 24 drawn roads of the half that is
// developed on, 11 s each. None of the found clips, and no drawn road that is only counted.

/// Speeds that an explanation expects, m/s towards us or away; the logarithm is normal.
struct Speeds {
  double median_mps;
  double log_sigma;
};
/// What closes in, falls back, and stands at the road. Wide, since the lens may be another than is
/// set. Medians fitted; of the spreads the first.
inline constexpr Speeds kClosing = {5, 1.5};
inline constexpr Speeds kFalling = {5, 0.8};
inline constexpr Speeds kRoad = {12, 0.6};
/// What goes along with us does so within this, m/s, one standard deviation. Fitted.
constexpr double kAlong_mps = 0.2;
/// What is fixed to the camera grows where its box breathes: how often, and how much per second.
/// Judged.
constexpr double kBreathes = 0.2;
constexpr double kBreath_per_s = 0.25;
/// A box over several things may do anything: growth per second, one standard deviation. Fitted.
constexpr double kSeveral_per_s = 0.45;
/// Before anything is known: of what a detector knows for a vehicle, and of what it doesn't. They
/// add up to 1. Fitted, rounded.
struct Priors {
  double closing, along, falling, road, camera, several;
};
/// Fitted, rounded.
inline constexpr Priors kNamedPriors = {0.3, 0.15, 0.1, 0.35, 0.02, 0.08};
/// Likewise.
inline constexpr Priors kUnnamedPriors = {0.26, 0.08, 0.11, 0.44, 0.02, 0.09};
/// Growth is less sure than its filter says, and vehicles brake and turn within the time that is
/// claimed: factor, and the least, per second. Fitted.
constexpr double kGrowthDoubt = 3;
constexpr double kLeastGrowthSigma_per_s = 0.03;
/// Distances: guards, and what is assumed where none is known; shares are of the distance. m.
constexpr double kLeastDistance_m = 1.5;
constexpr double kLeastDistanceShare = 0.15;
constexpr double kAnyDistance_m = 25;
constexpr double kAnyDistanceShare = 0.7;
/// How far a vehicle may still swing to a side until it is level with us, m. Fitted.
constexpr double kSwings_m = 1.1;
/// Where it passes: doubt where nobody knows where it is, and guards of doubts, m and per second.
constexpr double kAnyLateral_m = 8;
constexpr double kLeastLateral_m = 0.3;
constexpr double kLeastGrowth_per_s = 1e-3;
constexpr double kLeastRate = 1e-3;
/// Guards of the sums over what a measurement leaves open: standard deviations, steps.
constexpr double kOpenSigmas = 4;
constexpr int kOpenSteps = 21;
/// Errors of evidence are alike for so long, it fades so, and no more of it counts: logarithm.
/// Judged.
constexpr double kEvidenceLasts_s = 0.5;
constexpr double kEvidenceMemory_s = 4;
constexpr double kMostEvidence = 5;
/// The same of boxes that disagree with the picture: a third of that. Fitted.
constexpr double kAgreementLasts_s = 1.5;
constexpr double kMostAgreement = 1.7;
/// A box that stands is drawn within this, pixels and share of its side; it has left its place
/// beyond so many of that. Anything else drifts by this share of its side in a second. Judged.
constexpr double kStands_px = 2;
constexpr double kStandsShare = 0.03;
constexpr double kLeftPlace = 4;
constexpr double kDriftShare_per_s = 0.08;
constexpr double kStandsMean_s = 4;
/// The least likelihood of an edge's growth, per 1/s: something nobody thought of. Judged.
constexpr double kUnforeseen = 0.02;
/// Doubt of how fast boxes grow, per second, and pixels per second of their side. Judged.
constexpr double kSlopeDoubt_per_s = 0.06;
constexpr double kSlopeDoubt_px_per_s = 1.5;
/// Over how long the way of an edge is measured, s. Judged.
constexpr double kEdgeSpan_s = 0.8;
constexpr double kLeastEdgeSpan_s = 0.3;

// -- encounter ----------------------------------------------------------------------------------
/// A vehicle that left at the picture's edge is past once its track has been without support so
/// long, and one that wasn't seen on its way there so long after it was to be out of the picture.
/// s. Judged.
constexpr double kPassedAfter_s = 0.25;
/// Parts of one vehicle are out of the picture within this of each other; who follows it keeps
/// more. s. Judged.
constexpr double kOnePass_s = 1;
/// What passed and is seen whole for so long is there, or another one goes on with its track; boxes
/// at the edge come off it for a moment. s. Judged.
constexpr double kWholeAgain_s = 0.5;
/// What follows a vehicle on its way past is farther behind it than this; a part of it is not. m. A
/// car's length.
constexpr double kVehicleLength_m = 4.5;

// -- road ---------------------------------------------------------------------------------------
/// A pause between two pictures that is longer is a break: at the least rate that `view` lets pass,
/// 4 a second, two pictures are missing. s.
constexpr double kLongestBreak_s = 0.5;

// -- stage --------------------------------------------------------------------------------------
/// Over how long growth is measured: as long as may be, or else over less. s. Judged.
inline constexpr std::array kGrowthSpans_s = {0.8, 0.4};
constexpr double kLeastGrowthSpan_s = 0.15;
/// A vehicle looks much the same until it has grown by half. Judged.
constexpr double kMostChange = 0.65;
/// For how long a box that a detector drew round a vehicle says what the track is, s. Judged.
constexpr double kBoxesLast_s = 0.5;
/// A detection supports a track when their boxes overlap by this much. Judged.
constexpr float kSupports = 0.3F;
/// Doubt of a growth whose detector gives none, per second. Judged.
constexpr double kGrowthDoubt_per_s = 0.1;
/// A new track goes on with a lost vehicle when it is this near, in sides of their boxes, more by
/// this per second of the gap, and of like size. Judged.
constexpr double kReidentifyReach = 0.7;
constexpr double kReidentifyReach_per_s = 0.5;
constexpr float kReidentifySide_px = 12;
constexpr double kReidentifyRatio = 2;
/// The same for a vehicle that was closing in: a box is no smaller later, but for its noise.
/// Judged.
constexpr double kReidentifyClosing = 0.85;
/// Guard: tracks come and go within remember_s; where time stands still they would add up. Twice
/// the tracks that a tracker may keep.
constexpr std::size_t kMostVehicles = 512;
/// Doubt of the horizon where nobody measured the view, share of the picture's height. Judged.
constexpr double kUnknownHorizonShare = 0.06;

}  // namespace rearview::approach_tuning
