#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "camera/encode/encoder_config.h"
#include "camera/scene/scene_config.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// rpicam-vid with the device's picture and rate.
std::vector<std::string> default_rpicam_command();

/// Where the pictures come from.
struct SourceConfig {
  std::string input = "scene";  ///< scene, file:PATH, v4l2:DEVICE, rpicam or a URL
  double raw_fps = 30;          ///< of a raw .h264 whose SPS has no timing
  bool pass_through = true;     ///< false: H.264 files are decoded and encoded again, too
  double max_gop_s = 10;        ///< a file with IDRs further apart is encoded again
  double frozen_s = 1;  ///< a live source that repeats a picture for so long has frozen; 0: never
  std::string v4l2_format;  ///< of the device, as libavdevice names it (mjpeg, h264, yuyv422)
  std::vector<std::string> rpicam_command = default_rpicam_command();

  void read(ConfigReader& reader);
  bool operator==(const SourceConfig&) const = default;
};

/// Throws UsageError when input is not a SOURCE of interfaces.md.
void check_source(const std::string& input);

struct OpenedSource {
  std::unique_ptr<CodedSource> source;
  /// Ground truth so far, for a source that knows it (any thread, while source lives), else empty.
  std::function<nlohmann::ordered_json()> truth;
};

/// A live source is opened by its first next() and again whenever it fails. Throws UsageError when
/// another can't be opened or doesn't suit the pace, std::runtime_error when nothing can encode.
OpenedSource open_source(const SourceConfig& config, const SceneConfig& scene,
                         const EncoderConfig& encoder, Pace pace);

}  // namespace rearview::camera
