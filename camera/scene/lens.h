#pragma once

#include <cstdint>
#include <functional>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "camera/scene/atmosphere.h"
#include "camera/scene/roadside.h"
#include "camera/scene/view.h"

namespace rearview::camera {

/// What lens, air and sensor do to the finished picture: glare, rain, darker corners, noise.
class Lens {
 public:
  Lens(cv::Size size, const Atmosphere& atmosphere, double noise, int drops, std::uint64_t seed);
  /// Adds the glare of a lamp. clear: 0 hidden to 1 in full sight.
  void glare(cv::Mat& bgr, const View& view, const Atmosphere& atmosphere, const Glow& glow,
             float clear) const;
  /// Falling rain in frame n.
  void rain(cv::Mat& bgr, const Atmosphere& atmosphere, std::uint64_t n) const;
  /// Drops of water that stand on the glass: each shows what is behind it small and upside down.
  void blur_by_drops(cv::Mat& bgr) const;
  /// Last: the sensor, frame n.
  void expose(cv::Mat& bgr, std::uint64_t n) const;

 private:
  void lay_drops(cv::Size size, int count);
  void add_spot(cv::Mat& bgr, cv::Point2f at, float radius_x, float radius_y, Vec3 colour,
                const cv::Mat& shape) const;

  struct Drop {
    cv::Rect at;     ///< in the picture, whole
    cv::Mat weight;  ///< CV_8UC3, 0 outside to 255 within
  };

  std::uint64_t seed_;
  std::vector<Drop> drops_;
  cv::Mat grain_;    ///< CV_8UC3, noise around 128, wider and taller than the picture
  cv::Mat shading_;  ///< CV_8UC3, what is left of 255 towards the corners
  cv::Mat halo_;     ///< CV_32FC1, 1 in the middle to 0 at the edge
  cv::Mat core_;
};

}  // namespace rearview::camera
