#pragma once

#include <opencv2/core/types.hpp>

#include "camera/scene/geometry.h"

namespace rearview::camera {

/// The camera of one frame. The level frame that everything is placed in has its origin on the road
/// right under the resting camera: x to the picture's right, y up, z away from the camera, which
/// looks back along the road. The camera frame: x right, y down, z into the picture.
struct View {
  cv::Size size;
  float focal_px = 1;
  Vec3 position{0, 1, 0};
  Mat3 rotation{{1, 0, 0}, {0, -1, 0}, {0, 0, 1}};  ///< from the level frame to the camera's

  /// angles in radians: yaw to the picture's right, pitch up, roll clockwise as the camera sees.
  static View looking_back(cv::Size size, float hfov_deg, Vec3 position, float yaw, float pitch,
                           float roll) {
    View view;
    view.size = size;
    view.focal_px = static_cast<float>(size.width) * 0.5f / std::tan(radians(hfov_deg) * 0.5f);
    view.position = position;
    const Vec3 forward{std::sin(yaw) * std::cos(pitch), std::sin(pitch),
                       std::cos(yaw) * std::cos(pitch)};
    const Vec3 level_right{std::cos(yaw), 0, -std::sin(yaw)};
    const Vec3 level_down = -cross(forward, level_right);
    const float c = std::cos(roll);
    const float s = std::sin(roll);
    view.rotation = {level_right * c + level_down * s, level_down * c - level_right * s, forward};
    return view;
  }

  Vec3 to_camera(Vec3 level) const { return rotation * (level - position); }
  float centre_x() const { return static_cast<float>(size.width) * 0.5f; }
  float centre_y() const { return static_cast<float>(size.height) * 0.5f; }
  /// A point of the camera frame with z > 0, in pixels; pixel (0, 0) covers [0, 1) x [0, 1).
  cv::Point2f project(Vec3 camera) const {
    const float k = focal_px / camera.z;
    return {camera.x * k + centre_x(), camera.y * k + centre_y()};
  }
  /// The direction, level frame, of the ray through a point of the picture; its z along the
  /// camera's axis is 1.
  Vec3 ray(float x_px, float y_px) const {
    return rotation.back({(x_px - centre_x()) / focal_px, (y_px - centre_y()) / focal_px, 1.0f});
  }
};

}  // namespace rearview::camera
