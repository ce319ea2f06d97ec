#include "analyse/looming/similarity_transform.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analyse/common/least_squares.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning::similarity_transform;

}  // namespace

std::optional<SimilarityTransform> fit_similarity(const std::vector<cv::Point2d>& from,
                                                  const std::vector<cv::Point2d>& to,
                                                  const std::vector<double>& variance) {
  if (from.empty()) return std::nullopt;
  const cv::Point2d middle =
      std::accumulate(from.begin(), from.end(), cv::Point2d()) / static_cast<double>(from.size());
  std::vector<double> weight;
  for (const double v : variance) weight.push_back(1 / v);
  SimilarityTransform found;
  for (int round = 0; round < kSimilarityRounds; ++round) {
    LeastSquares<4> fit;  // scale times cosine, scale times sine, shift in x and y
    double sum = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const cv::Point2d arm = from[i] - middle;
      fit.add({arm.x, -arm.y, 1, 0}, to[i].x, weight[i]);
      fit.add({arm.y, arm.x, 0, 1}, to[i].y, weight[i]);
      sum += weight[i];
    }
    const auto covariance = fit.covariance();
    if (!covariance || (*covariance)(0, 0) > kMostScaleVariance) return std::nullopt;
    const double variance_of_scale = (*covariance)(0, 0);
    const cv::Vec4d solved = *covariance * fit.right();
    const double c = solved[0];
    const double s = solved[1];
    double misfit = 0;
    double count = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const cv::Point2d arm = from[i] - middle;
      const cv::Point2d off =
          to[i] - cv::Point2d(c * arm.x - s * arm.y + solved[2], s * arm.x + c * arm.y + solved[3]);
      const double robust = geman_mcclure(off.dot(off) / variance[i] / kSimilarityRobust);
      misfit += robust * off.dot(off) / variance[i];
      count += 2 * robust;
      weight[i] = robust / variance[i];
    }
    if (count < kLeastCount) return std::nullopt;
    const double excess = std::max(1.0, misfit / (count - 4));
    found.map = {c, -s, solved[2] - c * middle.x + s * middle.y,
                 s, c,  solved[3] - s * middle.x - c * middle.y};
    found.scale = std::hypot(c, s);
    found.scale_sigma = std::sqrt(excess * variance_of_scale);
    found.spread_px = std::sqrt(1 / (variance_of_scale * sum));
  }
  if (found.scale < kLeastScale || found.scale > kMostScale) return std::nullopt;
  return found;
}

}  // namespace rearview
