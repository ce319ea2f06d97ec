#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <opencv2/core/mat.hpp>

#include "camera/scene/scene_config.h"

namespace rearview::camera {

/// A road behind a bicycle, drawn frame by frame as its camera would see it, and the truth about
/// every vehicle in it. The same configuration, size and rate give the same pictures. One thread.
class Scene {
 public:
  /// size: pixels, both sides at least 32 and at most 4096; fps: frames a second, 1 to 240. Throws
  /// UsageError otherwise. Takes some tenths of a second: it paints its textures.
  Scene(const SceneConfig& config, cv::Size size, double fps);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// Frame n, at n / fps seconds: bgr becomes CV_8UC3. n never falls; frames left out are driven
  /// but not drawn, and after a gap of more than a minute only its last minute is driven. Drawing
  /// the same n again gives the same picture. Throws std::invalid_argument when n falls.
  void draw(std::uint64_t n, cv::Mat& bgr);
  /// Ground truth of the frames drawn so far, in the form of the interfaces, with lateral_m (clear
  /// space beside the camera as it passes) and closing_mps added to events. Bounded: the last
  /// thousand events and other vehicles.
  nlohmann::ordered_json truth() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview::camera
