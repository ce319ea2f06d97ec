#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "analyse/common/estimate.h"
#include "analyse/common/picture_history.h"

namespace rearview {

/// Lays a vehicle's patch of one picture over another, which tells how much it has grown and where
/// it went: the scale and place of the best fit are known far better than the edges of a detector's
/// boxes, which jump by a pixel or two (time to contact from the change of scale: Stein, Mano,
/// Shashua 2003; the fit: Benhimane and Malis 2004). Boxes are pixels of the frames. One thread;
/// deterministic.
class ScaleGauge {
 public:
  /// pictures: at least one; must outlive the gauge.
  explicit ScaleGauge(const PictureHistory& pictures) : pictures_(pictures) {}

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
  const PictureHistory& pictures_;
};

}  // namespace rearview
