#include "analyse/looming/likeness.h"

#include <algorithm>
#include <cmath>

namespace rearview {

std::optional<Likeness> fit_likeness(const std::vector<cv::Point2d>& from,
                                     const std::vector<cv::Point2d>& to,
                                     const std::vector<double>& variance) {
  std::vector<double> weight;
  for (const double v : variance) weight.push_back(1 / v);
  Likeness found;
  for (int round = 0; round < 5; ++round) {
    double sum = 0;
    cv::Point2d mean_from;
    cv::Point2d mean_to;
    for (std::size_t i = 0; i < from.size(); ++i) {
      sum += weight[i];
      mean_from += weight[i] * from[i];
      mean_to += weight[i] * to[i];
    }
    mean_from /= sum;
    mean_to /= sum;
    double spread = 0;
    double along = 0;
    double across = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const cv::Point2d a = from[i] - mean_from;
      const cv::Point2d b = to[i] - mean_to;
      spread += weight[i] * a.dot(a);
      along += weight[i] * a.dot(b);
      across += weight[i] * (a.x * b.y - a.y * b.x);
    }
    if (spread < 1) return std::nullopt;
    const double c = along / spread;
    const double s = across / spread;
    double misfit = 0;
    double count = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const cv::Point2d a = from[i] - mean_from;
      const cv::Point2d off = to[i] - mean_to - cv::Point2d(c * a.x - s * a.y, s * a.x + c * a.y);
      const double ratio = off.dot(off) / variance[i] / 18;
      const double robust = 1 / ((1 + ratio) * (1 + ratio));
      misfit += robust * off.dot(off) / variance[i];
      count += 2 * robust;
      weight[i] = robust / variance[i];
    }
    if (count < 5) return std::nullopt;
    const double excess = std::max(1.0, misfit / (count - 4));
    found.map = {c, -s, mean_to.x - c * mean_from.x + s * mean_from.y,
                 s, c,  mean_to.y - s * mean_from.x - c * mean_from.y};
    found.scale = std::hypot(c, s);
    found.scale_sigma = std::sqrt(excess / spread);
    found.spread_px = std::sqrt(spread / sum);
  }
  if (found.scale < 0.2 || found.scale > 5) return std::nullopt;
  return found;
}

}  // namespace rearview
