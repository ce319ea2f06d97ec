#pragma once

#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/setting.h"
#include "camera/encode/encoder_config.h"
#include "camera/scene/scene_config.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// rpicam-vid with the device's picture and rate.
std::vector<std::string> default_rpicam_command();

/// Where the pictures come from.
struct SourceConfig {
  std::string input = "scene";
  double raw_fps = 30;
  bool pass_through = true;
  double max_gop_s = 10;
  double frozen_s = 1;
  std::string v4l2_format;
  std::vector<std::string> rpicam_command = default_rpicam_command();

  static constexpr auto settings() {
    using S = SourceConfig;
    return std::array{
        setting<&S::input>("input", {.least = 1},
                           "scene, file:PATH (looped), v4l2:DEVICE, rpicam or a URL; as --source."),
        setting<&S::raw_fps>("raw_fps", {1, 120},
                             "Rate of a raw .h264 file that doesn't say its own."),
        setting<&S::pass_through>("pass_through",
                                  "false: H.264 is always decoded and encoded again."),
        setting<&S::max_gop_s>("max_gop_s", {0.5, 60},
                               "A file whose IDRs are further apart is encoded again."),
        setting<&S::frozen_s>("frozen_s", {0, 60},
                              "A live source that repeats the same picture for so long counts as "
                              "frozen; 0: never."),
        setting<&S::v4l2_format>("v4l2_format",
                                 "What a v4l2 device is asked for, as libavdevice names it: mjpeg, "
                                 "h264, yuyv422; empty: as it likes."),
        setting<&S::rpicam_command>(
            "rpicam_command", {1, 100},
            "The child process whose raw H.264 the source rpicam passes through."),
    };
  }
  void check(const ConfigReader& reader) const;
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
