#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "camera/coded_picture.h"
#include "camera/encode/encoder_config.h"
#include "camera/encode/picture_converter.h"
#include "camera/libav.h"
#include "camera/wire_format.h"

namespace rearview::camera {

/// Pixels to coded pictures: H.264 without B-frames or look-ahead, so that a picture comes out in
/// the call that put it in (the hardware encoder: one or two calls later). One thread.
class Encoder {
 public:
  /// fps: of the pictures that come, for the rate control and the SPS's timing.
  /// Throws std::runtime_error when no encoder can be opened.
  Encoder(const EncoderConfig& config, double fps);

  using Sink = std::function<void(CodedPicture)>;
  /// captured: the time stamp of the picture; sink gets every picture that is done by now.
  /// Throws std::runtime_error when the encoder fails.
  void encode(const AVFrame& picture, SteadyTime captured, bool force_idr, const Sink& sink);

  const std::string& codec_name() const { return name_; }

 private:
  struct Stamp {
    std::int64_t pts;
    SteadyTime captured;
    SteadyTime in;
  };
  void receive(const Sink& sink);

  std::string name_;
  PictureConverter converter_;
  AvCodec codec_;
  AvPacket packet_ = make_av_packet();
  WireFormat wire_{WireFormat::Sei::drop};
  std::int64_t next_pts_ = 0;
  std::deque<Stamp> inside_;
};

}  // namespace rearview::camera
