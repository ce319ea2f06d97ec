#pragma once

#include "base/config_reader.h"

namespace rearview::camera {

enum class Codec {
  automatic,  ///< the first of those below that works here
  v4l2m2m,    ///< the hardware encoder, as on a Raspberry Pi up to the 4 and the Zero 2 W
  x264,
};

/// How pictures are encoded. The defaults are the device's (device contract, "Stream").
struct EncoderConfig {
  Codec codec = Codec::automatic;
  int width_px = 640;
  int height_px = 360;
  int fps = 30;
  int bitrate_kbps = 1000;
  double gop_s = 2.0;           ///< time from one IDR to the next when nobody asks for one
  int min_forced_idr_ms = 500;  ///< many joining clients can't take more of the bitrate than this
  int threads = 1;              ///< libx264 cuts the picture into as many slices

  void read(ConfigReader& reader);
  bool operator==(const EncoderConfig&) const = default;
};

}  // namespace rearview::camera
