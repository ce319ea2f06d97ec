#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <vector>

namespace rearview {

/// Scale, rotation and shift that bring one set of places onto another.
struct SimilarityTransform {
  double scale = 1;
  double scale_sigma = 1;
  double spread_px = 1;  ///< root mean square distance of the places from their middle
  cv::Matx23d map;
};

/// Robust least squares. from, to: the same places in two pictures; variance: px^2, of each.
/// nullopt where the places lie too close together, too few agree or the scale is beyond 0.2 to 5.
std::optional<SimilarityTransform> fit_similarity(const std::vector<cv::Point2d>& from,
                                                  const std::vector<cv::Point2d>& to,
                                                  const std::vector<double>& variance);

}  // namespace rearview
