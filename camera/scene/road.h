#pragma once

#include <cstdint>
#include <vector>

#include "camera/scene/geometry.h"
#include "camera/scene/scene_config.h"

namespace rearview::camera {

/// Measures of the road's cross section, metres from its middle line.
inline constexpr float kEdgeLine_m = 3.1f;
inline constexpr float kPaved_m = 3.45f;
inline constexpr float kLaneMiddle_m = 1.6f;
inline constexpr float kRiderKeeps_m = 2.55f;

/// A road without end. Places on it: s, metres along the rider's way; u, metres from the middle
/// line towards the rider's kerb. Its bends are a function of s alone.
class Road {
 public:
  explicit Road(const SceneConfig& config);
  /// 1 / radius, positive when the rider turns right.
  float curvature(double s) const;
  /// 1 where the kerb is on the picture's left (right-hand traffic), -1 where on its right.
  float kerb_sign() const { return kerb_sign_; }

 private:
  std::uint64_t seed_;
  float winding_;
  float fixed_;
  float kerb_sign_;
};

/// The road as it lies behind the camera in one frame: between places on it and the level frame.
class Alignment {
 public:
  static constexpr float kAhead_m = 60;
  static constexpr float kBehind_m = 420;

  /// s, u: where the camera is.
  void lay(const Road& road, double s, float u);

  struct Pose {
    Vec3 at;  ///< on the ground
    float turn =
        0;  ///< of the road there, radians; 0 as at the camera, positive to the picture's right
  };
  /// d: metres behind the camera along the road.
  Pose pose(float d, float u) const;
  /// The place of a point of the ground, level frame; z >= 0. Good near the road, where it matters.
  struct Place {
    float d, u;
  };
  Place place(float x, float z) const;
  double camera_s() const { return camera_s_; }
  float kerb_sign() const { return kerb_sign_; }

 private:
  struct Knot {
    float x, z, turn;
  };
  struct Slice {
    float x, d, sine, cosine;
  };
  double camera_s_ = 0;
  float kerb_sign_ = 1;
  std::vector<Knot> knots_;    ///< one a metre, from kAhead_m ahead
  std::vector<Slice> slices_;  ///< one a metre of z
};

}  // namespace rearview::camera
