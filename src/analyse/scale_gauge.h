#pragma once

#include <array>
#include <deque>
#include <opencv2/core.hpp>
#include <optional>

#include "analyse/growth_filter.h"

namespace rearview {

/// Measures how much a vehicle's picture has grown, by laying its patch of the newest picture over
/// an older one: the scale of the best fit is known far better than the edges of a detector's
/// boxes, which jump by a pixel or two (time to contact from the change of scale: Stein, Mano,
/// Shashua 2003; the fit: Benhimane and Malis 2004). One thread; deterministic.
class ScaleGauge {
 public:
  /// How far back pictures are kept.
  static constexpr double kSpan_s = 0.9;

  /// luma: CV_8UC1, copied. Times rise; a picture of another size forgets the others.
  void add(const cv::Mat& luma, double t_s);
  void clear() { pictures_.clear(); }

  /// Relative growth per second now, taking the closing speed since then_s as constant. then, now:
  /// the vehicle's box in the picture of then_s and in the newest. nullopt where that picture isn't
  /// kept or no clear fit is found.
  std::optional<Estimate> growth(const cv::Rect2f& then, double then_s,
                                 const cv::Rect2f& now) const;

 private:
  static constexpr int kLevels = 3;
  static constexpr std::size_t kMostPictures = 40;
  struct Picture {
    double t_s = 0;
    std::array<cv::Mat, kLevels> levels;  ///< each half as wide as the one before
  };

  std::deque<Picture> pictures_;  ///< oldest first
};

}  // namespace rearview
