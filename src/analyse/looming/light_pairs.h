#pragma once

#include <deque>
#include <opencv2/core.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace rearview {

/// A pair of headlights followed from picture to picture.
struct LightPair {
  cv::Point2d left;
  cv::Point2d right;
  int hits = 0;
  double seen_s = 0;
  double growth = 0;  ///< per second, of the distance between the two
  double growth_sigma = 1;
  std::deque<std::pair<double, double>> widths;  ///< stream time, logarithm of the distance

  /// Outline of a car with these lights: 1.4 m apart at 0.65 m height, 1.8 m by 1.5 m in all.
  cv::Rect2d box() const;
};

/// Finds headlights in the dark, where a vehicle shows nothing else: two bright blobs of like size
/// at one height, below the horizon, since headlights hang lower (at most 1.2 m, UNECE R48) than a
/// rider's camera looks along the road; street lamps hang above. Keeps those that stay together.
/// One thread; deterministic.
class LightPairs {
 public:
  /// picture: CV_8UC1. horizon_px: row of the horizon. active: part that shows something.
  void update(const cv::Mat& picture, double t_s, const cv::Rect& active, double horizon_px);
  const std::vector<LightPair>& pairs() const { return pairs_; }

 private:
  struct Blob {
    cv::Point2d centre;
    double area = 0;
  };
  static std::vector<Blob> blobs(const cv::Mat& picture, const cv::Rect& band, bool dusk);
  void see(LightPair& pair, const Blob& left, const Blob& right, double t_s);

  std::vector<LightPair> pairs_;
  std::optional<double> dark_since_s_;
};

}  // namespace rearview
