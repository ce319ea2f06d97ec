#include "camera/encode/encoder_config.h"

namespace rearview::camera {

void EncoderConfig::read(ConfigReader& reader) {
  reader.choice(
      "codec", codec,
      {{"auto", Codec::automatic}, {"h264_v4l2m2m", Codec::v4l2m2m}, {"libx264", Codec::x264}});
  reader.number("width_px", width_px, 64, 1920);
  if (width_px % 2 != 0) reader.fail("width_px", "must be even");
  reader.number("height_px", height_px, 64, 1080);
  if (height_px % 2 != 0) reader.fail("height_px", "must be even");
  reader.number("fps", fps, 1, 120);
  reader.number("bitrate_kbps", bitrate_kbps, 50, 20000);
  reader.number("gop_s", gop_s, 0.1, 10.0);
  reader.number("min_forced_idr_ms", min_forced_idr_ms, 0, 10000);
  reader.number("threads", threads, 1, 8);
}

}  // namespace rearview::camera
