#include "analyse/view/picture_content.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "analyse/view/tuning.h"

namespace rearview {
namespace {

using namespace view_tuning::picture_content;
using view_tuning::kBlock;

using Histogram = std::array<int, 256>;

int percentile(const Histogram& counts, double share) {
  int all = 0;
  for (const int n : counts) all += n;
  const auto wanted = static_cast<int>(share * all);
  int sum = 0;
  for (int value = 0; value < 256; ++value) {
    sum += counts[static_cast<std::size_t>(value)];
    if (sum > wanted) return value;
  }
  return 255;
}

double quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double variance(const cv::Mat& patch) {
  int sum = 0;
  int squares = 0;
  for (int y = 0; y < patch.rows; ++y) {
    const std::uint8_t* row = patch.ptr(y);
    for (int x = 0; x < patch.cols; ++x) {
      sum += row[x];
      squares += row[x] * row[x];
    }
  }
  const double mean = sum / static_cast<double>(patch.total());
  return squares / static_cast<double>(patch.total()) - mean * mean;
}

// The median of a mask that gives nothing for planes and straight edges (Immerkaer 1996), over some
// of the rows.
double noise_of(const cv::Mat& luma) {
  std::array<int, kMostMask> counts{};
  int all = 0;
  for (int y = 1; y + 1 < luma.rows; y += kNoiseEveryRow) {
    const std::uint8_t* above = luma.ptr(y - 1);
    const std::uint8_t* row = luma.ptr(y);
    const std::uint8_t* below = luma.ptr(y + 1);
    for (int x = 1; x + 1 < luma.cols; ++x, ++all) {
      const int value = above[x - 1] - 2 * above[x] + above[x + 1] -
                        2 * (row[x - 1] - 2 * row[x] + row[x + 1]) + below[x - 1] - 2 * below[x] +
                        below[x + 1];
      ++counts[static_cast<std::size_t>(std::min(std::abs(value), kMostMask - 1))];
    }
  }
  int sum = 0;
  int median = 0;
  while (median + 1 < kMostMask && 2 * (sum += counts[static_cast<std::size_t>(median)]) <= all)
    ++median;
  return median / kMaskGain / kMedianPerSigma;
}

struct Steps {
  int seams = 0;
  int middles = 0;
  int places = 0;
};

// Counts the steps that stand out along a line of pixels `stride` bytes apart; from: the place in
// the picture of its first one.
void count_steps(const std::uint8_t* line, std::ptrdiff_t stride, int from, int size,
                 Steps& steps) {
  const auto step_to = [&](int i) { return std::abs(line[i * stride] - line[(i - 1) * stride]); };
  for (int i = 2; i + 1 < size; ++i) {
    const int phase = (from + i) % kBlock;
    if (phase != 0 && phase != kBlock / 2) continue;
    const int step = step_to(i);
    const bool out = step >= kSeam && step > kSeamOver * std::max(step_to(i - 1), step_to(i + 1));
    (phase == 0 ? steps.seams : steps.middles) += out;
    steps.places += phase == 0;
  }
}

double blockiness_of(const cv::Mat& luma, const cv::Rect& shown) {
  const int top = shown.y + shown.height / 3;
  const int rows = shown.height / 3;
  const auto across = static_cast<std::ptrdiff_t>(luma.step[0]);
  Steps steps;
  for (int y = top; y < top + rows; y += kEveryLine)
    count_steps(luma.ptr(y) + shown.x, 1, shown.x, shown.width, steps);
  for (int x = shown.x; x < shown.x + shown.width; x += kEveryLine)
    count_steps(luma.ptr(top) + x, across, top, rows, steps);
  const double few = kFewSteps * steps.places;
  return few > 0 ? (steps.seams + few) / (steps.middles + few) : 1;
}

// Range of the patch and its steepest step between neighbours.
std::pair<int, int> range_and_step(const cv::Mat& patch) {
  int least = 255;
  int greatest = 0;
  int step = 0;
  for (int y = 0; y < patch.rows; ++y) {
    const std::uint8_t* row = patch.ptr(y);
    const std::uint8_t* below = patch.ptr(std::min(y + 1, patch.rows - 1));
    for (int x = 0; x < patch.cols; ++x) {
      least = std::min<int>(least, row[x]);
      greatest = std::max<int>(greatest, row[x]);
      step = std::max(step, std::abs(below[x] - row[x]));
    }
    for (int x = 0; x + 1 < patch.cols; ++x) step = std::max(step, std::abs(row[x + 1] - row[x]));
  }
  return {greatest - least, step};
}

}  // namespace

const PictureContent& ContentMeter::measure(const cv::Mat& picture, const cv::Rect& shown) {
  const cv::Mat luma = picture(shown);
  content_ = {};
  content_.noise = noise_of(luma);
  content_.blockiness = blockiness_of(picture, shown);
  cv::resize(luma, half_, kHalf, 0, 0, cv::INTER_AREA);
  cv::resize(half_, quarter_, kQuarter, 0, 0, cv::INTER_AREA);
  cv::resize(quarter_, coarse_, kCoarse, 0, 0, cv::INTER_AREA);
  Histogram levels{};
  for (int y = 0; y < quarter_.rows; ++y) {
    const std::uint8_t* row = quarter_.ptr(y);
    for (int x = 0; x < quarter_.cols; ++x) ++levels[row[x]];
  }
  content_.brightest = percentile(levels, kBrightestShare);
  content_.darkest = percentile(levels, kDarkestShare);
  measure_patches();
  look_for_edge();
  return content_;
}

void ContentMeter::measure_patches() {
  std::vector<double> sharpness;
  std::vector<double> coarse;
  for (int row = 0; row < kPatchesDown; ++row) {
    for (int column = 0; column < PictureContent::kColumns; ++column) {
      const cv::Rect area(column * kPatch, row * kPatch, kPatch, kPatch);
      const auto [range, step] = range_and_step(half_(area));
      if (range >= kStandsOut) sharpness.push_back(static_cast<double>(step) / range);
      const auto c = static_cast<std::size_t>(column);
      const double luma = cv::mean(half_(area))[0];
      content_.patches[static_cast<std::size_t>(row * PictureContent::kColumns) + c] = {step, luma};
      if (row >= kHorizonFrom && row < kHorizonTo) {
        content_.steepest[c] = std::max(content_.steepest[c], step);
        content_.luma[c] += luma / (kHorizonTo - kHorizonFrom);
      }
      if (const double all = variance(half_(area)); all >= kLeastVariance) {
        const cv::Rect means(area.x / 4, area.y / 4, kPatch / 4, kPatch / 4);
        coarse.push_back(variance(coarse_(means)) / all);
      }
    }
  }
  content_.sharpness = quantile(sharpness, kSharpQuantile);
  if (coarse.size() >= kLeastPatches) content_.coarse_share = quantile(coarse, 0.5);
}

// The row in which most columns have a step over most of their width.
void ContentMeter::look_for_edge() {
  int most = 0;
  int edge = 0;
  for (int y = kEdgeFrom; y < kEdgeTo; ++y) {
    const std::uint8_t* above = half_.ptr(y - 1);
    const std::uint8_t* row = half_.ptr(y);
    int across = 0;
    for (int column = 0; column < PictureContent::kColumns; ++column) {
      int steps = 0;
      for (int x = column * kPatch; x < (column + 1) * kPatch; ++x)
        steps += std::abs(row[x] - above[x]) >= kEdgeStep;
      across += 2 * steps > kPatch;
    }
    if (across > most) {
      most = across;
      edge = y;
    }
  }
  content_.has_edge = most >= kEdgeColumns;
  if (!content_.has_edge) return;
  const int top = edge + kEdgeSlack;
  for (int column = 0; column < PictureContent::kColumns; ++column) {
    const cv::Rect below(column * kPatch, top, kPatch, half_.rows - top - kEdgeSlack);
    content_.below_edge[static_cast<std::size_t>(column)] = range_and_step(half_(below)).second;
  }
}

}  // namespace rearview
