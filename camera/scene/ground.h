#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "camera/scene/atmosphere.h"
#include "camera/scene/road.h"
#include "camera/scene/textures.h"
#include "camera/scene/view.h"

namespace rearview::camera {

/// A patch of shade on the ground, in metres of the road; its edge fades over soft_m.
struct GroundShade {
  float d = 0, u = 0;
  float half_d = 1, half_u = 1;
  float soft_m = 0.3f;
  float strength = 0.5f;
  bool leaves = false;  ///< sunlight comes through
};

/// A lamp's light on the ground, level frame. A beam shines along (beam_x, beam_z), a unit vector;
/// with both 0 it shines all around.
struct GroundLamp {
  float x = 0, z = 0;
  float beam_x = 0, beam_z = 0;
  float reach_m = 10;
  Vec3 colour;
};

/// The mouth of a side road, in metres of the road.
struct SideRoad {
  float d = 0;
  float half_width = 3;
  float side = 1;  ///< 1 on the kerb's side, -1 across the road
};

/// What lies on the ground in one frame.
struct GroundDetail {
  std::vector<GroundShade> shades;
  std::vector<GroundLamp> lamps;
  std::vector<SideRoad> side_roads;
  float smear_m = 0;     ///< how far the road moves while the shutter is open
  bool village = false;  ///< pavement beside the road instead of grass
};

/// Paints sky and ground: everything behind the things that stand up.
class Ground {
 public:
  Ground(const Atmosphere& atmosphere, Light light, Weather weather, std::uint64_t seed);
  /// bgr: CV_8UC3 of the view's size, written whole. heading: the way's, radians, for the sky.
  void paint(cv::Mat& bgr, const View& view, const Alignment& alignment,
             const Atmosphere& atmosphere, float heading, const GroundDetail& detail);

 private:
  static constexpr int kSpan = 16;  ///< pixels between two exact places on the ground
  struct Row;
  struct Span;
  void paint_sky(cv::Mat& bgr, const View& view, float heading) const;
  void spread_lamps(const View& view, const Atmosphere& atmosphere,
                    const std::vector<GroundLamp>& lamps);
  Vec3 lamp_light(int x, int y) const;
  void cover(const Row& row, const Span& span, std::uint32_t (&texels)[kSpan]) const;
  void mark(const Row& row, const Span& span, std::uint32_t (&texels)[kSpan]) const;
  void light(const Row& row, const Span& span, int y, std::uint32_t (&texels)[kSpan],
             cv::Vec3b* out) const;

  GroundPictures pictures_;
  cv::Mat panorama_;    ///< CV_8UC4
  cv::Mat lamp_light_;  ///< CV_32FC3, a quarter of the picture's size each way, linear light
};

}  // namespace rearview::camera
