#include "analyse/looming/light_pairs.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "analyse/looming/mean_growth.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning::light_pairs;

}  // namespace

cv::Rect2d LightPair::box() const {
  const double apart = right.x - left.x;
  const cv::Point2d middle = (left + right) / 2;
  return {middle.x - apart * (kCarWidth_m / 2) / kLightsApart_m,
          middle.y - apart * (kCarHeight_m - kLightsUp_m) / kLightsApart_m,
          apart * kCarWidth_m / kLightsApart_m, apart * kCarHeight_m / kLightsApart_m};
}

std::vector<LightPairs::Blob> LightPairs::blobs(const cv::Mat& picture, const cv::Rect& band,
                                                bool dusk) {
  cv::Mat bright;
  cv::threshold(picture(band), bright, kBright, 255, cv::THRESH_BINARY);
  cv::Mat labels;
  cv::Mat stats;
  cv::Mat centres;
  const int count = cv::connectedComponentsWithStats(bright, labels, stats, centres, 8, CV_16U);
  std::vector<Blob> found;
  for (int i = 1; i < count; ++i) {
    const int width = stats.at<int>(i, cv::CC_STAT_WIDTH);
    const int height = stats.at<int>(i, cv::CC_STAT_HEIGHT);
    const int area = stats.at<int>(i, cv::CC_STAT_AREA);
    // A lamp is round; lines on the road and their shine are not.
    if (area < kLeastArea_px || width > kMostLong * height + kLongSlack_px ||
        height > kMostLong * width + kLongSlack_px || area * kLeastFilled < width * height)
      continue;
    if (dusk) {
      const cv::Rect own(band.x + stats.at<int>(i, cv::CC_STAT_LEFT),
                         band.y + stats.at<int>(i, cv::CC_STAT_TOP), width, height);
      const cv::Rect round =
          cv::Rect(own.x - width - 1, own.y - height - 1, 3 * width + 2, 3 * height + 2) &
          cv::Rect(cv::Point(), picture.size());
      const double ring =
          (cv::sum(picture(round))[0] - cv::sum(picture(own))[0]) / (round.area() - own.area());
      if (ring > kDarkRound) continue;
    }
    found.push_back({{centres.at<double>(i, 0) + band.x, centres.at<double>(i, 1) + band.y},
                     static_cast<double>(area)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Blob& a, const Blob& b) { return a.area > b.area; });
  if (found.size() > kMostBlobs) found.resize(kMostBlobs);
  return found;
}

void LightPairs::see(LightPair& pair, const Blob& left, const Blob& right, double t_s) {
  pair.left = left.centre;
  pair.right = right.centre;
  pair.seen_s = t_s;
  ++pair.hits;
  pair.widths.emplace_back(t_s, std::log(right.centre.x - left.centre.x));
  while (t_s - pair.widths.front().first > kSpan_s || pair.widths.size() > kMostWidths)
    pair.widths.pop_front();
  // Slope of a straight line through the logarithms.
  double mean_t = 0;
  double mean_w = 0;
  for (const auto& [at, width] : pair.widths) {
    mean_t += at;
    mean_w += width;
  }
  const auto count = static_cast<double>(pair.widths.size());
  mean_t /= count;
  mean_w /= count;
  double spread = 0;
  double shared = 0;
  for (const auto& [at, width] : pair.widths) {
    spread += (at - mean_t) * (at - mean_t);
    shared += (at - mean_t) * (width - mean_w);
  }
  const double span = t_s - pair.widths.front().first;
  if (span < kLeastSpan_s || spread <= 0) {
    pair.growth = 0;
    pair.growth_sigma = 1;
    return;
  }
  const double noise = std::sqrt(2.0) * kCentre_px / std::exp(mean_w);
  const double mean = shared / spread;
  const Estimate now = growth_at_end({mean, noise / std::sqrt(spread)}, span);
  pair.growth = now.value;
  pair.growth_sigma = now.sigma;
}

void LightPairs::update(const cv::Mat& picture, double t_s, const cv::Rect& active,
                        double horizon_px) {
  std::erase_if(pairs_, [&](const LightPair& pair) { return t_s - pair.seen_s > kLost_s; });
  const int top = std::max(active.y, static_cast<int>(horizon_px - kAboveHorizon_px));
  const cv::Rect band =
      cv::Rect(active.x, top, active.width, active.y + active.height - top) & active;
  const double mean = cv::mean(picture(active))[0];
  const bool dark = mean < kDarkMean &&
                    cv::countNonZero(picture(active) > kSkyByDay) < kMostBright * active.area();
  if (!dark) dark_since_s_.reset();
  if (dark && !dark_since_s_) dark_since_s_ = t_s;
  if (band.height < kLeastBand_px || !dark || t_s - *dark_since_s_ < kDarkFor_s) return;
  const std::vector<Blob> lights = blobs(picture, band, mean > kDuskMean);

  struct Candidate {
    double cost;
    std::size_t left;
    std::size_t right;
  };
  std::vector<Candidate> candidates;
  for (std::size_t a = 0; a < lights.size(); ++a) {
    for (std::size_t b = 0; b < lights.size(); ++b) {
      const double apart = lights[b].centre.x - lights[a].centre.x;
      if (apart < kLeastApart_px || apart > kMostApart_px) continue;
      const double tilt = std::abs(lights[b].centre.y - lights[a].centre.y);
      const double ratio =
          std::max(lights[a].area, lights[b].area) / std::min(lights[a].area, lights[b].area);
      if (tilt > kLevel * apart + kLevelSlack_px || ratio > kAlikeAreas) continue;
      // Headlights 0.65 m up, 1.4 m apart: the camera's height says how far below the horizon.
      const double below = (lights[a].centre.y + lights[b].centre.y) / 2 - horizon_px;
      if (below > kMostBelow * apart) continue;
      candidates.push_back({apart * (1 + kUnlikeCost * std::log(ratio)) + kTiltCost * tilt, a, b});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
  std::vector<bool> used(lights.size(), false);
  // Known pairs first, then new ones of lights that are left.
  for (LightPair& pair : pairs_) {
    const Candidate* best = nullptr;
    const double apart = pair.right.x - pair.left.x;
    double nearest = kPairMoves * apart + kPairMoves_px;
    for (const Candidate& candidate : candidates) {
      if (used[candidate.left] || used[candidate.right]) continue;
      const cv::Point2d l = lights[candidate.left].centre - pair.left;
      const cv::Point2d r = lights[candidate.right].centre - pair.right;
      // Both shift alike by shake, and apart by growth.
      const double shake = std::hypot(l.x + r.x, l.y + r.y) / 2;
      const double change = std::abs(r.x - l.x);
      if (change > kPairParts * apart + kPairParts_px) continue;
      if (shake + change < nearest) {
        nearest = shake + change;
        best = &candidate;
      }
    }
    if (!best) continue;
    used[best->left] = used[best->right] = true;
    see(pair, lights[best->left], lights[best->right], t_s);
  }
  for (const Candidate& candidate : candidates) {
    if (used[candidate.left] || used[candidate.right] || pairs_.size() >= kMostPairs) continue;
    used[candidate.left] = used[candidate.right] = true;
    LightPair pair;
    see(pair, lights[candidate.left], lights[candidate.right], t_s);
    pairs_.push_back(std::move(pair));
  }
}

}  // namespace rearview
