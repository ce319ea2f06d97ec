#pragma once

#include <opencv2/core.hpp>

namespace rearview {

/// What a vehicle on the road can look like: with the camera 0.9 m above the road (0.6 to 1.5 m),
/// one metre at a vehicle's foot is about the rows from the horizon down to it, over 0.9, in
/// pixels.
struct Plausible {
  double horizon;     ///< row
  bool riding;        ///< the horizon is known
  cv::Rect2d active;  ///< the part of the picture that shows something

  /// A part of a vehicle or a whole one, but not two abreast: a lorry is 2.5 m wide and 4 m high.
  /// What is cut off by the picture's edge is near and may show its flank.
  bool not_too_large(const cv::Rect2d& box) const;
  /// At least a rider: 0.5 m wide, and a body, not a mark on the road.
  bool whole(const cv::Rect2d& box) const;
};

}  // namespace rearview
