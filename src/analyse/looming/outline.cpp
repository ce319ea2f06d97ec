#include "analyse/looming/outline.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning::outline;

// The stretch about the middle of [from, to) whose sums are best, grown outwards over plain runs.
std::pair<int, int> best_stretch(const std::vector<double>& sums, double from, double to) {
  const int count = static_cast<int>(sums.size());
  const double middle = (from + to) / 2;
  const int longest_gap = std::max(kLeastPlain, static_cast<int>(kPlainShare * (to - from)));
  const auto grow = [&](int start, int step) {
    double sum = 0;
    double best = 0;
    int end = start;
    int last_good = start;
    for (int i = start; i >= 0 && i < count; i += step) {
      sum += sums[static_cast<std::size_t>(i)];
      if (sums[static_cast<std::size_t>(i)] > 0) last_good = i;
      const bool within = step > 0 ? i < to : i > from;
      if (!within && std::abs(i - last_good) > longest_gap) break;
      if (sum > best) {
        best = sum;
        end = i;
      }
    }
    return end;
  };
  const int start = std::clamp(static_cast<int>(middle), 0, count - 1);
  return {grow(start, -1), grow(start, 1) + 1};
}

}  // namespace

std::optional<cv::Rect2d> find_outline(const cv::Mat& now, const cv::Mat& then,
                                       const cv::Matx23d& own, const cv::Matx23d& background,
                                       const cv::Rect2d& core, const cv::Rect2d& most) {
  if (most.width < kLeastRoom_px || most.height < kLeastRoom_px) return std::nullopt;
  const double stride = std::max(1.0, std::max(most.width, most.height) / kMostSamples);
  const cv::Size size(static_cast<int>(most.width / stride),
                      static_cast<int>(most.height / stride));
  const cv::Matx33d sample(stride, 0, most.x, 0, stride, most.y, 0, 0, 1);
  const auto look = [&](const cv::Mat& picture, const cv::Matx23d& map) {
    cv::Mat patch;
    cv::warpAffine(picture, patch, map * sample, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REPLICATE);
    cv::Mat values;
    patch.convertTo(values, CV_32F);
    return values;
  };
  const cv::Mat here = look(now, {1, 0, 0, 0, 1, 0});
  cv::Mat by_own = look(then, own);
  const cv::Mat by_background = look(then, background);
  const cv::Rect inner = cv::Rect(cv::Rect2d((core.x - most.x) / stride, (core.y - most.y) / stride,
                                             core.width / stride, core.height / stride)) &
                         cv::Rect(cv::Point(), size);
  if (inner.width < kLeastSamples || inner.height < kLeastSamples) return std::nullopt;
  // Exposure may have changed.
  by_own += cv::mean(here(inner) - by_own(inner))[0];

  cv::Mat off_own;
  cv::Mat off_background;
  cv::absdiff(here, by_own, off_own);
  cv::absdiff(here, by_background, off_background);
  cv::blur(off_own, off_own, {kBlur, kBlur});
  cv::blur(off_background, off_background, {kBlur, kBlur});
  cv::Mat votes = off_background - off_own;
  for (int y = 0; y < votes.rows; ++y) {
    float* row = votes.ptr<float>(y);
    for (int x = 0; x < votes.cols; ++x)
      row[x] = std::abs(row[x]) < kBetter ? 0 : std::clamp(row[x] / kFull, -1.0F, 1.0F);
  }
  if (cv::sum(votes(inner))[0] < kLeastSupport) return std::nullopt;

  const auto sums = [&votes](bool columns, int from, int to) {
    std::vector<double> result(static_cast<std::size_t>(columns ? votes.cols : votes.rows));
    for (std::size_t i = 0; i < result.size(); ++i) {
      const int line = static_cast<int>(i);
      const cv::Mat part = columns ? votes(cv::Range(from, to), cv::Range(line, line + 1))
                                   : votes(cv::Range(line, line + 1), cv::Range(from, to));
      result[i] = cv::sum(part)[0] - kPrice * (to - from);
    }
    return result;
  };
  int top = inner.y;
  int bottom = inner.y + inner.height;
  int left = inner.x;
  int right = inner.x + inner.width;
  for (int round = 0; round < kOutlineRounds; ++round) {
    std::tie(left, right) = best_stretch(sums(true, top, bottom), inner.x, inner.x + inner.width);
    if (right - left < kLeastSamples) return std::nullopt;
    std::tie(top, bottom) = best_stretch(sums(false, left, right), inner.y, inner.y + inner.height);
    if (bottom - top < kLeastSamples) return std::nullopt;
  }
  return cv::Rect2d(most.x + left * stride, most.y + top * stride, (right - left) * stride,
                    (bottom - top) * stride);
}

}  // namespace rearview
