#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>

#include "camera/scene/atmosphere.h"
#include "camera/scene/ride.h"

namespace rearview::camera {

/// A bag under the camera, which hides the lower part of the picture and sways with the ride: what
/// is fixed to the bicycle stays in its place, however the road moves.
class Luggage {
 public:
  /// share: of the picture's height, 0 for none.
  Luggage(cv::Size size, double share, std::uint64_t seed);
  void draw(cv::Mat& bgr, const Ride::Pose& pose, const Atmosphere& atmosphere) const;

 private:
  cv::Size size_;
  cv::Mat cloth_;  ///< CV_8UC3, as in daylight; empty: none
  cv::Mat shape_;  ///< CV_8UC1, 255 where the bag is
};

}  // namespace rearview::camera
