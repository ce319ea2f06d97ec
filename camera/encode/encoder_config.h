#pragma once

#include <array>
#include <string_view>

#include "base/enumeration.h"
#include "base/setting.h"

namespace rearview::camera {

enum class Codec {
  automatic,  ///< the first of those below that works here
  v4l2m2m,    ///< the hardware encoder, as on a Raspberry Pi up to the 4 and the Zero 2 W
  x264,
};

constexpr auto names_of(Codec) {
  return std::to_array<std::string_view>({"auto", "h264_v4l2m2m", "libx264"});
}

/// How pictures are encoded. The defaults are the device's (device contract, "Stream").
struct EncoderConfig {
  Codec codec = Codec::automatic;
  int width_px = 640;
  int height_px = 360;
  int fps = 30;
  int bitrate_kbps = 1000;
  double gop_s = 2.0;
  int min_forced_idr_ms = 500;
  int threads = 1;

  static constexpr auto settings() {
    using S = EncoderConfig;
    return std::array{
        setting<&S::codec>("codec", "auto: the hardware's where there is one."),
        setting<&S::width_px>("width_px", {.least = 64, .most = 1920, .step = 2}, "Even."),
        setting<&S::height_px>("height_px", {.least = 64, .most = 1080, .step = 2}, "Even."),
        setting<&S::fps>("fps", {1, 120}, "Pictures a second; the most from a file."),
        setting<&S::bitrate_kbps>("bitrate_kbps", {50, 20000}, "Aim and limit."),
        setting<&S::gop_s>("gop_s", {0.1, 10.0}, "Time from IDR to IDR when nobody asks for one."),
        setting<&S::min_forced_idr_ms>(
            "min_forced_idr_ms", {0, 10000},
            "Joining clients can't have IDRs more often, nor take more of the bitrate by them."),
        setting<&S::threads>("threads", {1, 8}, "libx264 cuts each picture into as many slices."),
    };
  }
  bool operator==(const EncoderConfig&) const = default;
};

}  // namespace rearview::camera
