#pragma once

#include <cstddef>
#include <opencv2/core.hpp>

// The numbers of this room that no setting changes, by the file that uses them. Where one comes
// from stands behind it: a source, a measurement, "geometry", "guard" (bounds time, memory or
// numbers, and says nothing of roads), "format" (another would be wrong, not another judgement), or
// "judged": set by hand on the drawn roads and clips of docs/evaluation.md, which scripts/eval
// counts anew; no other source. scripts/eval --sensitivity moves each but guards and formats, and
// says what that changes (docs/sensitivity.md).
// Those of the stage `view` were judged on the recordings that docs/evaluation.md calls "tuned on".

namespace rearview::view_tuning {

/// Format: side of a block, of H.264's transform, High profile (ITU-T H.264).
constexpr int kBlock = 8;

namespace picture_content {

/// What is looked at: half, a quarter, an eighth of 640 x 360. Judged.
inline const cv::Size kHalf(320, 180);
inline const cv::Size kQuarter(160, 90);
inline const cv::Size kCoarse(80, 45);
/// Side of a patch, pixels at half size, and patches down the picture: 9 of 20. Geometry.
constexpr int kPatch = 20;
constexpr int kPatchesDown = 9;
/// Luma counts as the brightest, and the darkest, that these shares of the picture don't exceed.
/// Judged.
constexpr double kBrightestShare = 0.995;
constexpr double kDarkestShare = 0.05;
/// Of the patches' sharpness what is taken: the upper quartile. Judged.
constexpr double kSharpQuantile = 0.75;
/// Of the magnitude of what is normally distributed about 0 the median, in standard deviations:
/// quantile of 3/4.
constexpr double kMedianPerSigma = 0.6745;
/// The noise mask's own (Immerkaer 1996): its weights' squares add up to 36.
constexpr double kMaskGain = 6;
/// Guards: rows that are looked at for noise, and the greatest answer of the mask that is counted.
constexpr int kNoiseEveryRow = 12;
constexpr int kMostMask = 256;
/// Something stands out of a patch by so many grey levels; what compression makes of a plain one is
/// less. Judged.
constexpr int kStandsOut = 24;
/// Grey levels squared: below, rounding is most of what differs. Geometry of 8 bits.
constexpr double kLeastVariance = 4;
/// Fewer patches that stand out give no sharpness. Judged.
constexpr std::size_t kLeastPatches = 8;
/// Rows of patches in which the horizon lies, a third to two thirds of the height. Judged.
constexpr int kHorizonFrom = 3;
constexpr int kHorizonTo = 6;

/// Rows, half size, in which the edge of a cover is looked for: where it hides the road; as steep
/// as this over most of a column's width, in so many columns. Rows next to it show it, too.
/// Measured: of 74 roads and clips that show something, one picture in a thousand has such an edge
/// and, below it, kNothingBelow.
constexpr int kEdgeFrom = 30;
constexpr int kEdgeTo = 150;
constexpr int kEdgeStep = 8;
constexpr int kEdgeColumns = 12;
constexpr int kEdgeSlack = 3;

/// Grey levels of a step that may stand out. Judged.
constexpr int kSeam = 2;
/// And times the steps beside it. Judged.
constexpr int kSeamOver = 2;
/// Guard: rows and columns that are looked at.
constexpr int kEveryLine = 3;
/// Steps that stand out by chance, of all places where there may be one: fewer don't count. Judged.
constexpr double kFewSteps = 0.005;

}  // namespace picture_content

namespace shown_area {

/// Limited-range black is 16 (BT.601, BT.709); coding leaves a few levels about it.
constexpr int kDark = 30;
constexpr int kPlain = 12;
/// Grey levels across a bar's edge, and the share of its length that shows the step. Judged.
constexpr int kStep = 4;
constexpr double kEdgeShare = 0.5;
/// To each side of the edge, rows that its blur may take. Judged.
constexpr int kEdgeReach_px = 2;
/// The narrowest bar, and the widest, share of the picture. Judged.
constexpr int kLeastBar_px = 4;
constexpr double kMostBar = 0.4;
/// Guard: of a line's pixels, those that are looked at.
constexpr int kEveryPixel = 3;
/// Judged.
constexpr double kSettle_s = 1.0;
constexpr int kSlack_px = 2;
/// Where something was seen at the picture's edge for so long, there is no bar, and what comes
/// there later is a cover. s. Judged.
constexpr double kOpen_s = 1.0;

}  // namespace shown_area

namespace usual_detail {

/// Rows of patches, of 9, in which roads show something whatever way the camera points. Judged.
constexpr std::size_t kFromRow = 2;
constexpr std::size_t kToRow = 7;
/// Memory of what is usual, s, and before anything is judged by it. Judged.
constexpr double kMemory_s = 10;
constexpr double kKnown_s = 1.5;
/// A pause is no time in which something was seen, s.
constexpr double kLongestGap_s = 0.25;
/// Shows something more often than not.
constexpr double kUsually = 0.5;
/// Darker patches are night's. Judged.
constexpr double kNight_luma = 50;
/// Fewer tell nothing. Judged.
constexpr double kLeastUsual = 25;
/// Less of what is usual: something is before the lens, or the camera has slipped. Measured on 56
/// drawn roads, the real clips and those of `found`: 0.67 and more, but for a telephone in a hand
/// that turned to the tarmac (0.24).
constexpr double kGone = 0.62;
/// A cover that stays is not usual for long, s. Judged.
constexpr double kGoneMemory_s = 1200;

}  // namespace usual_detail

namespace signs_of_life {

/// The pictures in which flow and cells are looked at: a quarter and an eighth of 640 x 360.
/// Judged.
inline const cv::Size kLittle(160, 90);
inline const cv::Size kCells(80, 45);
/// Of cells and of blocks: a line of text and its frame, a clock say. Judged.
constexpr int kOverlayRows = 4;
/// Grey levels of a cell's mean; see StillWatch, which faces the same noise. Judged.
constexpr int kMoved = 4;
/// Cells. Judged.
constexpr int kLeastMoved = 5;
/// A pause between pictures is no silence of theirs, s. Judged.
constexpr double kMostPassed_s = 0.25;

/// Guard: rows of blocks that are looked at.
constexpr int kMostBlockRows = 24;
/// Sum of squares of a block's change from which on it changed. Judged.
constexpr float kChanged = 16;
constexpr double kVotesLast_s = 0.4;
/// Correlations of the changes, summed over the blocks that changed twice, over all blocks.
/// Measured: live noise of one grey level at 1 Mbit/s gives 0.12, what is refined 0.008 at most.
constexpr double kNoise = 0.013;
/// An intra picture changes so much of the picture, and so much more than those about it. Judged.
constexpr double kAnewShare = 0.5;
constexpr double kAnewTimes = 3;
constexpr double kAnewMemory_s = 0.2;
/// Pictures further apart all differ much, and none of them is coded anew for it, s. Judged.
constexpr double kAnewMostPassed_s = 0.05;
/// For so long what follows it makes good what it left out. Judged.
constexpr double kRefines_s = 0.4;

/// Loops, by the mean difference at each lag, grey levels. Gain of each picture: where they are
/// few, too, a loop is several. Judged.
constexpr double kLoopGain = 1.0 / 6;
constexpr double kLoopMoves = 0.3;
constexpr double kLoopShare = 0.25;
/// To be found, s. Judged.
constexpr double kLoopTakes_s = 0.35;
/// An intra picture hides a loop, s: until its difference, ten times the usual one, has decayed
/// below kLoopShare with kLoopGain at 30 pictures a second.
constexpr double kLoopLasts_s = 0.7;

/// Flow along the gradient of three quarters of the picture, pixels of the little picture a second:
/// over the longer span, which shows little movement, unless that is too much for it; over the
/// shorter one, too, so that what has ended shows at once. Judged.
constexpr double kFlowSpan_s = 0.2;
constexpr double kShortSpan_s = 0.09;
constexpr double kMostFlow_px = 0.6;
constexpr double kMoves_px_per_s = 1.1;
/// What an encoder still refines looks like a tenth of the movement before. Judged.
constexpr double kStands_px_per_s = 0.35;
constexpr double kStandsShare = 0.1;
constexpr double kMovesAgain_px_per_s = 0.75;
constexpr double kMovesAgainShare = 0.2;
/// The hardest that a bicycle brakes takes longer from this share of how it moved until it stands;
/// kFlowSpan_s of the time is the measurement's own. Judged.
constexpr double kStillMoves = 0.4;
constexpr double kRecently_s = 1.5;
constexpr double kStopsWithin_s = 0.25;
constexpr double kMovedFor_s = 0.4;
constexpr double kFlowQuantile = 0.25;
/// Side of a patch of the little picture, and the mean square of its gradient that tells a flow,
/// grey levels per pixel. Judged.
constexpr int kFlowPatch = 10;
constexpr double kLeastGradient = 4;
constexpr std::size_t kLeastFlows = 12;
/// Guards: where pictures come in bursts, numbers bound what times don't.
constexpr std::size_t kMostLittles = 32;
constexpr std::size_t kMostFlows = 128;

}  // namespace signs_of_life

namespace new_pictures {

/// Mean difference that no encoder makes of a scene at rest when it begins anew, grey levels.
/// Judged; roads that are ridden along differ by 6 and more after half a second.
constexpr double kLeap = 4;
/// Of the greatest leap: a repeat differs by less, as its encoder refines it. Judged.
constexpr double kRepeatShare = 0.2;
constexpr std::size_t kLeastLeaps = 3;
/// Long enough for three leaps of one picture a second, s.
constexpr double kLeapsMemory_s = 3.2;
/// Guard.
constexpr std::size_t kMostChanges = 256;

}  // namespace new_pictures

namespace view_stage {

/// Over how long pictures are counted, s, and how long the first take to be that many. Judged.
constexpr double kRateSpan_s = 1.0;
/// A pause that ends is none of a slow camera's, s. Judged.
constexpr double kSlow_s = 0.9;
/// Pictures closer together than this came in one burst, and tell no more than one. Judged.
constexpr double kSameMoment_s = 0.02;
/// Once too few, there must be so many times more before it is enough again. Judged.
constexpr double kRateSlack = 1.25;
/// Memory of how sharp this camera's pictures are, s. Judged.
constexpr double kUsual_s = 20;
/// A column is dark below and glaring above, luma. Judged.
constexpr double kDarkColumn_luma = 34;
constexpr double kGlaring_luma = 200;
/// How the reason is worded: more than this is all of the picture; a middle up to this from the
/// left is left, and likewise right. Judged.
constexpr double kAllShare = 0.95;
constexpr double kLeftUpTo = 0.4;
/// The steepest of a thousand steps that noise makes, in its standard deviations, half size: normal
/// distribution.
constexpr double kNoiseSteps = 3.5;
/// Steps in least_step from which a patch shows something beyond what an encoder makes of a plain
/// one, and so many columns that show nothing below an edge. Judged.
constexpr double kShowsSteps = 2.5;
constexpr double kNothingBelow = 0.7;
/// Share of the variance that is as large as a pixel. Measured: real roads 0.55 and more; noise,
/// coded at 1 Mbit/s, 0.2; a road that is lost in it 0.4.
constexpr double kLeastCoarseShare = 0.46;
/// PictureContent's. Measured: roads at 300 kbit/s 1.6, just behind an intra picture 2.9; at 25
/// kbit/s 2.9 to 10.
constexpr double kMostBlockiness = 2.5;

}  // namespace view_stage

}  // namespace rearview::view_tuning
