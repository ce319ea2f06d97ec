#include "analyse/common/scale_gauge.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "analyse/common/least_squares.h"
#include "analyse/common/tuning.h"

namespace rearview {
namespace {

using namespace common_tuning::scale_gauge;

/// Places of the samples, in units of samples from the box's middle, and how much each counts.
struct Grid {
  cv::Size size;
  cv::Mat weight;  // CV_32F
};

Grid make_grid(const cv::Rect2f& box, double stride) {
  const double half_w = kReach * box.width / 2 / stride;
  const double half_h = kReach * box.height / 2 / stride;
  Grid grid;
  grid.size = {2 * cvCeil(half_w) + 1, 2 * cvCeil(half_h) + 1};
  grid.weight.create(grid.size, CV_32F);
  const auto fade = [](double share) {
    return std::clamp((1 - share) / (1 - kFullWithin / kReach), 0.0, 1.0);
  };
  for (int y = 0; y < grid.size.height; ++y) {
    for (int x = 0; x < grid.size.width; ++x) {
      const double across = std::abs(x - grid.size.width / 2) / half_w;
      const double down = std::abs(y - grid.size.height / 2) / half_h;
      grid.weight.at<float>(y, x) = static_cast<float>(fade(across) * fade(down));
    }
  }
  return grid;
}

/// map: from the grid's samples about its middle to the level's pixels.
cv::Mat look(const cv::Mat& level, const cv::Matx23d& map, const Grid& grid) {
  const double mid_x = grid.size.width / 2;
  const double mid_y = grid.size.height / 2;
  const cv::Matx33d centred(1, 0, -mid_x, 0, 1, -mid_y, 0, 0, 1);
  cv::Mat bytes;
  cv::warpAffine(level, bytes, map * centred, grid.size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  cv::Mat values;
  bytes.convertTo(values, CV_32F);
  cv::GaussianBlur(values, values, {3, 3}, 0.8, 0.8, cv::BORDER_REPLICATE);
  return values;
}

/// Mean 0, variance 1 by the weights: exposure may change. False where there is nothing to see.
bool normalise(cv::Mat& values, const cv::Mat& weight) {
  const double sum = cv::sum(weight)[0];
  const double mean = values.dot(weight) / sum;
  values -= mean;
  const double variance = values.mul(values).dot(weight) / sum;
  if (variance < kLeastContrast * kLeastContrast) return false;
  values *= 1 / std::sqrt(variance);
  return true;
}

/// The box's share that lies within the picture.
bool inside(const cv::Rect2f& box, cv::Size picture) {
  const cv::Rect2f whole(0, 0, static_cast<float>(picture.width),
                         static_cast<float>(picture.height));
  return (box & whole).area() > 0.98F * box.area();
}

cv::Rect2f scaled(const cv::Rect2f& box, float by) {
  return {box.x * by, box.y * by, box.width * by, box.height * by};
}

struct Fit {
  cv::Matx23d map;
  double log_scale_sigma = 0;
  double correlation = 0;
};

/// Moves `map` until `then` looks like `now`, seen through the grid.
std::optional<Fit> fit(const cv::Mat& now, const cv::Mat& then, cv::Matx23d map, const Grid& grid) {
  cv::Mat now_x;
  cv::Mat now_y;
  cv::Sobel(now, now_x, CV_32F, 1, 0, 3, 0.125, 0, cv::BORDER_REPLICATE);
  cv::Sobel(now, now_y, CV_32F, 0, 1, 3, 0.125, 0, cv::BORDER_REPLICATE);
  cv::Mat then_x;
  cv::Mat then_y;
  const int mid_x = grid.size.width / 2;
  const int mid_y = grid.size.height / 2;
  const double sum = cv::sum(grid.weight)[0];
  for (int round = 0;; ++round) {
    cv::Mat seen = look(then, map, grid);
    if (!normalise(seen, grid.weight)) return std::nullopt;
    cv::Sobel(seen, then_x, CV_32F, 1, 0, 3, 0.125, 0, cv::BORDER_REPLICATE);
    cv::Sobel(seen, then_y, CV_32F, 0, 1, 3, 0.125, 0, cv::BORDER_REPLICATE);
    const cv::Mat off = now - seen;
    const double spread = std::sqrt(off.mul(off).dot(grid.weight) / sum) + 1e-6;
    LeastSquares<4> change_fit;  // shift in x and y, logarithm of the scale, roll
    double weights = 0;
    double squares = 0;
    for (int y = 0; y < grid.size.height; ++y) {
      const auto* w = grid.weight.ptr<float>(y);
      const auto* e = off.ptr<float>(y);
      const auto* nx = now_x.ptr<float>(y);
      const auto* ny = now_y.ptr<float>(y);
      const auto* tx = then_x.ptr<float>(y);
      const auto* ty = then_y.ptr<float>(y);
      const double v = y - mid_y;
      for (int x = 0; x < grid.size.width; ++x) {
        if (w[x] <= 0) continue;
        const double error = static_cast<double>(e[x]);
        const double ratio = error / (kRobust * spread);
        const double weight = static_cast<double>(w[x]) / (1 + ratio * ratio);
        const double u = x - mid_x;
        const double gx = 0.5 * (static_cast<double>(nx[x]) + static_cast<double>(tx[x]));
        const double gy = 0.5 * (static_cast<double>(ny[x]) + static_cast<double>(ty[x]));
        change_fit.add({gx, gy, gx * u + gy * v, gy * u - gx * v}, error, weight);
        weights += weight;
        squares += weight * error * error;
      }
    }
    const auto covariance = change_fit.covariance();
    if (!covariance) return std::nullopt;
    const cv::Vec4d step = *covariance * change_fit.right();
    const double reach = std::max(mid_x, mid_y);
    const double moved = std::max({std::abs(step[0]), std::abs(step[1]), std::abs(step[2]) * reach,
                                   std::abs(step[3]) * reach});
    const double held = moved > 2 ? 2 / moved : 1;  // a leap is a guess: in smaller steps
    const double c = std::exp(step[2] * held) * std::cos(step[3] * held);
    const double s = std::exp(step[2] * held) * std::sin(step[3] * held);
    const cv::Matx33d change(c, -s, step[0] * held, s, c, step[1] * held, 0, 0, 1);
    map = map * change;
    if (moved < kSettled * reach || round == kRounds) {
      Fit found;
      found.map = map;
      found.log_scale_sigma = std::sqrt(kAlike * squares / weights * (*covariance)(2, 2));
      found.correlation = now.dot(seen.mul(grid.weight)) / sum;
      return found;
    }
  }
}

/// How one picture's patch lies in another.
struct Alignment {
  cv::Rect2f box;
  double scale = 1;  ///< size there over size here
  double log_scale_sigma = 0;
  double correlation = 0;
};

/// Boxes in pixels of the kept pictures. nullopt where no fit is found near the guess.
std::optional<Alignment> align(const KeptPicture& from, const cv::Rect2f& patch,
                               const KeptPicture& to, const cv::Rect2f& guess) {
  if (std::min({patch.width, patch.height, guess.width, guess.height}) < kLeastSide_px)
    return std::nullopt;
  const cv::Size size = from.level(0).size();
  if (!inside(patch, size) || !inside(guess, size)) return std::nullopt;

  const double stride_px =
      std::max(kFinest_px, static_cast<double>(std::max(patch.width, patch.height)) / kSamples);
  const int coarsest = std::min(kCoarsestLevel, static_cast<int>(from.levels()) - 1);
  const int level = std::clamp(static_cast<int>(std::floor(std::log2(stride_px))), 0, coarsest);
  const double down = 1 << level;
  const double stride = stride_px / down;
  const Grid grid = make_grid(patch, stride_px);
  // Middles of pixels: x of one level is (x + 0.5) * 2 - 0.5 of the one below, but pyrDown keeps
  // every second pixel: x * 2.
  const auto map_to = [&](const cv::Rect2f& box, double scale) {
    const double x = (static_cast<double>(box.x) + static_cast<double>(box.width) / 2 - 0.5) / down;
    const double y =
        (static_cast<double>(box.y) + static_cast<double>(box.height) / 2 - 0.5) / down;
    return cv::Matx23d(stride * scale, 0, x, 0, stride * scale, y);
  };
  const double ratio =
      std::sqrt(static_cast<double>(guess.area()) / static_cast<double>(patch.area()));
  const auto index = static_cast<std::size_t>(level);
  cv::Mat seen = look(from.level(index), map_to(patch, 1), grid);
  if (!normalise(seen, grid.weight)) return std::nullopt;
  const cv::Matx23d start = map_to(guess, ratio);
  const std::optional<Fit> found = fit(seen, to.level(index), start, grid);
  if (!found) return std::nullopt;
  const double scale = std::hypot(found->map(0, 0), found->map(1, 0)) / stride;
  const double shift = std::hypot(found->map(0, 2) - start(0, 2), found->map(1, 2) - start(1, 2));
  const double side = std::sqrt(static_cast<double>(guess.area())) / down;
  if (std::abs(std::log(scale / ratio)) > kMostRescale || shift > kMostShift * side + 2 / down ||
      std::abs(std::atan2(found->map(1, 0), found->map(0, 0))) > kMostRoll)
    return std::nullopt;
  Alignment aligned;
  const auto s = static_cast<float>(scale);
  aligned.box.width = s * patch.width;
  aligned.box.height = s * patch.height;
  aligned.box.x = static_cast<float>(found->map(0, 2) * down + 0.5) - aligned.box.width / 2;
  aligned.box.y = static_cast<float>(found->map(1, 2) * down + 0.5) - aligned.box.height / 2;
  aligned.scale = scale;
  aligned.log_scale_sigma = found->log_scale_sigma;
  aligned.correlation = found->correlation;
  return aligned;
}

}  // namespace

std::optional<Estimate> ScaleGauge::growth(const cv::Rect2f& then, double then_s,
                                           const cv::Rect2f& now) const {
  const KeptPicture* older = pictures_.at(then_s);
  if (older == nullptr || older == &pictures_.newest()) return std::nullopt;
  const KeptPicture& newest = pictures_.newest();
  const auto scale = static_cast<float>(newest.scale);
  const double seconds = newest.t_s - older->t_s;
  const auto aligned = align(newest, scaled(now, scale), *older, scaled(then, scale));
  if (!aligned || aligned->correlation < kLeastCorrelation) return std::nullopt;
  const double sigma = std::hypot(aligned->log_scale_sigma, kLeastSigma);
  return Estimate{(1 / aligned->scale - 1) / seconds, sigma / aligned->scale / seconds};
}

std::optional<cv::Rect2f> ScaleGauge::follow(const cv::Rect2f& then, double then_s,
                                             const cv::Rect2f& guess) const {
  const KeptPicture* older = pictures_.at(then_s);
  if (older == nullptr || older == &pictures_.newest()) return std::nullopt;
  const KeptPicture& newest = pictures_.newest();
  const auto scale = static_cast<float>(newest.scale);
  const auto aligned = align(*older, scaled(then, scale), newest, scaled(guess, scale));
  if (!aligned || aligned->correlation < kLeastToFollow ||
      !inside(aligned->box, newest.level(0).size()))
    return std::nullopt;
  return scaled(aligned->box, 1 / scale);
}

}  // namespace rearview
