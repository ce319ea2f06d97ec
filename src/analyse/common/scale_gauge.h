#pragma once

#include <array>
#include <deque>
#include <opencv2/core.hpp>
#include <optional>

#include "analyse/common/growth_filter.h"

namespace rearview {

/// Lays a vehicle's patch of one picture over another, which tells how much it has grown and where
/// it went: the scale and place of the best fit are known far better than the edges of a detector's
/// boxes, which jump by a pixel or two (time to contact from the change of scale: Stein, Mano,
/// Shashua 2003; the fit: Benhimane and Malis 2004). Boxes are pixels of the pictures as added. One
/// thread; deterministic.
class ScaleGauge {
 public:
  /// How far back pictures are kept.
  static constexpr double kSpan_s = 0.9;

  /// luma: CV_8UC1, copied, no wider than it is looked at. Times rise; a picture of another size
  /// forgets the others.
  void add(const cv::Mat& luma, double t_s);
  void clear() { pictures_.clear(); }

  /// Relative growth per second now, taking the closing speed since then_s as constant. then, now:
  /// the vehicle's box in the picture of then_s and in the newest. nullopt where that picture isn't
  /// kept or no clear fit is found.
  std::optional<Estimate> growth(const cv::Rect2f& then, double then_s,
                                 const cv::Rect2f& now) const;

  /// The box in the newest picture of what filled `then` in the picture of then_s; guess: where it
  /// should be by now. nullopt where that picture isn't kept, or what is found differs in looks or
  /// lies too far from the guess.
  std::optional<cv::Rect2f> follow(const cv::Rect2f& then, double then_s,
                                   const cv::Rect2f& guess) const;

 private:
  static constexpr int kLevels = 3;
  static constexpr std::size_t kMostPictures = 40;
  struct Picture {
    double t_s = 0;
    std::array<cv::Mat, kLevels> levels;  ///< each half as wide as the one before
  };
  /// How one picture's patch lies in another.
  struct Laid {
    cv::Rect2f box;
    double scale = 1;  ///< size there over size here
    double log_scale_sigma = 0;
    double correlation = 0;
  };

  const Picture* at(double t_s) const;
  /// Boxes in pixels of the kept pictures. nullopt where no fit is found near the guess.
  static std::optional<Laid> lay(const Picture& from, const cv::Rect2f& patch, const Picture& to,
                                 const cv::Rect2f& guess);

  cv::Size added_;
  float shrunk_ = 1;              ///< size of the kept pictures over that of the added
  std::deque<Picture> pictures_;  ///< oldest first
};

}  // namespace rearview
