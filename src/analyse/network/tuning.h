#pragma once

#include <array>
#include <cstddef>

// The numbers of this room that no setting changes, by the file that uses them. Where one comes
// from stands behind it: a source, a measurement, "geometry", "guard" (bounds time, memory or
// numbers, and says nothing of roads), "format" (another would be wrong, not another judgement), or
// "judged": set by hand on the drawn roads and clips of docs/evaluation.md, which scripts/eval
// counts anew; no other source. scripts/eval --sensitivity moves each but guards and formats, and
// says what that changes (docs/sensitivity.md).

namespace rearview::network_tuning {

/// Guards: what a detector finds in a picture at most, and a box's least side, px.
constexpr std::size_t kMostDetections = 100;
constexpr float kLeastSide_px = 2;

namespace box_decoder {

/// Format: of the distribution that NanoDet-Plus and PicoDet give for each side (their reg_max +
/// 1).
constexpr int kBins = 8;
/// Format: pixels a cell, of the families' outputs as published.
inline constexpr std::array kYoloxStrides{8, 16, 32};
inline constexpr std::array kNanodetStrides{8, 16, 32, 64};
inline constexpr std::array kFastestdetStrides{16};
/// Format: in training pictures were brought to mean 0 and variance 1 by ImageNet's: red, green,
/// blue.
inline constexpr std::array kImageNetMean{123.675F, 116.28F, 103.53F};
inline constexpr std::array kImageNetDeviation{58.395F, 57.12F, 57.375F};
/// Format: FastestDet's score is objectness and class to these powers, as published.
constexpr float kObjectPower = 0.6F;
constexpr float kClassPower = 0.4F;
/// Guard: more candidates than this come from noise only; bounds suppression's quadratic work.
constexpr std::size_t kMostCompared = 1000;

}  // namespace box_decoder

namespace external_detector {

/// Guards against what another program sends: bytes of a datagram, datagrams a picture, pixels.
constexpr std::size_t kMostBytes = std::size_t{64} << 10;
constexpr int kMostDatagrams = 64;
constexpr double kMostSide_px = 1e5;

}  // namespace external_detector

namespace network_input {

/// Format: grey about the picture, as YOLOX and its relatives were trained.
constexpr float kPadding = 114;

}  // namespace network_input

namespace look_rate {

/// As the stage `view` counts pictures; docs/evaluation.md derives how few are too few from what
/// the tracker needs.
constexpr double kLeast_per_s = 4;
constexpr double kSpan_s = 1.0;
constexpr double kSlow_s = 0.9;
constexpr double kSameMoment_s = 0.02;

}  // namespace look_rate

namespace onnx_detector {

/// Guard.
constexpr int kMostClasses = 1000;
/// Format: COCO 2017.
constexpr int kCocoClasses = 80;
/// What a threshold may be at most. Measured with rearview-vehicle on a drawn ride with two passes
/// (2026-11): at 0.5 both are told, 0.6 s later at most than at 0.1; at 0.7 one isn't told at all.
constexpr double kMostThreshold = 0.5;
/// Of the picture's sides: a vehicle that is to be seen whole, as it has to be, is wider than a
/// smaller region long before it is close (a car of 1.8 m at 10 m fills a sixth of 62 degrees).
constexpr double kLeastRegion = 0.25;
/// A box this near to a region's border that isn't the picture's is cut by it, px. Judged.
constexpr float kCutMargin_px = 2;
/// Two boxes this much alike are one vehicle, whatever the classes say. Judged.
constexpr float kOneVehicleIou = 0.8F;

}  // namespace onnx_detector

namespace onnxruntime_backend {

/// Guards against a broken file.
constexpr std::size_t kMostDimensions = 8;
constexpr std::size_t kMostOutputs = 64;

}  // namespace onnxruntime_backend

namespace pace {

/// What is lost and what is analysed is counted over so long: bursts and pauses of a radio last up
/// to a second. s.
constexpr double kWindow_s = 2;
/// Of so many pictures a second more are of no use: with 15, a vehicle that is told after 9 of them
/// (docs/evaluation.md) is told 0.6 s after it comes into sight, and no alert is older than 0.2 s,
/// two pictures' time and the decoder's.
constexpr double kEnough_per_s = 15;
/// Of the pictures, those that may be lost before there is less work, and before there is more
/// again: a hiccup of the system is neither. Judged.
constexpr double kLost = 0.1;
constexpr double kNoneLost = 0.02;
/// So long none is lost before more work is tried, at first and, after tries that failed, at most;
/// a try that lasts so long has not failed. s. Guards against going to and fro.
constexpr double kWait_s = 15;
constexpr double kLongestWait_s = 600;

/// Every n-th picture is looked at where this leaves so many looks a second, the least: with less
/// work for a picture there will be more pictures, and so looks.
constexpr double kLooks_per_s = look_rate::kLeast_per_s;
/// Of the input's sides, for the steps with a smaller one: 0.56 of the work. Geometry.
constexpr double kSmaller = 0.75;
/// Of the input's sides, multiples of the families' largest stride. Geometry.
constexpr int kStride = 32;

}  // namespace pace

namespace still_watch {

/// The mean of 64 pixels of a noisy, strongly compressed picture wanders by a level or two; a car
/// 10 px wide that moves by a third of its width changes a cell at its edge by more. px, grey
/// levels. Judged.
constexpr int kCell_px = 8;
constexpr int kMoved = 4;

}  // namespace still_watch

}  // namespace rearview::network_tuning
