#include "camera/encode/encoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/log.h"

namespace rearview::camera {
namespace {

// ITU-T H.264, table A-1, times ten: the level that the device announces.
constexpr int kLevel = 50;
// The largest picture the rate control may make, in seconds of the bitrate. The device's IDR of
// 24,655 bytes at 1 Mbit/s is 0.2 s.
constexpr double kRateBuffer_s = 0.3;
// A hardware encoder that holds more than this is broken.
constexpr std::size_t kMaxInside = 32;

void set_option(AVCodecContext& context, const char* name, const char* value) {
  if (const int error = av_opt_set(context.priv_data, name, value, 0); error < 0)
    throw std::runtime_error(
        fmt::format("{}: option {}: {}", context.codec->name, name, av_error(error)));
}

AvCodec open_codec(const char* name, const EncoderConfig& config, double fps) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name);
  if (!codec) throw std::runtime_error(fmt::format("{}: not in this libavcodec", name));
  AvCodec context(avcodec_alloc_context3(codec));
  if (!context) throw std::bad_alloc();

  context->width = config.width_px;
  context->height = config.height_px;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->framerate = av_d2q(fps, 60000);
  context->time_base = av_inv_q(context->framerate);
  context->bit_rate = std::int64_t{config.bitrate_kbps} * 1000;
  context->rc_max_rate = context->bit_rate;
  context->rc_buffer_size =
      static_cast<int>(static_cast<double>(context->bit_rate) * kRateBuffer_s);
  context->gop_size = std::max(1, static_cast<int>(std::lround(config.gop_s * fps)));
  context->max_b_frames = 0;
  context->flags |= AV_CODEC_FLAG_LOW_DELAY;
  context->color_range = AVCOL_RANGE_MPEG;
  context->colorspace = AVCOL_SPC_SMPTE170M;  // as PictureConverter delivers
  if (codec->id == AV_CODEC_ID_H264 && std::string_view(name) == "libx264") {
    context->level = kLevel;
    context->thread_count = config.threads;
    context->thread_type = FF_THREAD_SLICE;
    context->refs = 1;
    set_option(*context, "preset", "superfast");
    set_option(*context, "tune", "zerolatency");
    set_option(*context, "profile", "high");
    set_option(*context, "forced-idr", "1");
    // Scene cuts would put IDRs outside the GOP's beat.
    set_option(*context, "x264-params", "scenecut=0");
  }
  if (const int error = avcodec_open2(context.get(), codec, nullptr); error < 0)
    throw std::runtime_error(fmt::format("{}: {}", name, av_error(error)));
  return context;
}

std::vector<const char*> candidates(Codec codec) {
  switch (codec) {
    case Codec::v4l2m2m:
      return {"h264_v4l2m2m"};
    case Codec::x264:
      return {"libx264"};
    case Codec::automatic:
      break;
  }
  return {"h264_v4l2m2m", "libx264"};
}

}  // namespace

Encoder::Encoder(const EncoderConfig& config, double fps)
    : converter_(config.width_px, config.height_px) {
  std::string problems;
  for (const char* name : candidates(config.codec)) {
    try {
      codec_ = open_codec(name, config, fps);
      name_ = name;
      return;
    } catch (const std::runtime_error& e) {
      problems += (problems.empty() ? "" : "; ") + std::string(e.what());
    }
  }
  throw std::runtime_error("no H.264 encoder can be opened: " + problems);
}

void Encoder::encode(const AVFrame& picture, SteadyTime captured, bool force_idr,
                     const Sink& sink) {
  const SteadyTime in = SteadyClock::now();
  const AvFrame frame = converter_.convert(picture);
  frame->pts = next_pts_++;
  frame->pict_type = force_idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  if (inside_.size() == kMaxInside) inside_.pop_front();
  inside_.push_back({frame->pts, captured, in});

  int error = avcodec_send_frame(codec_.get(), frame.get());
  if (error == AVERROR(EAGAIN)) {  // full: what is done has to come out first
    receive(sink);
    error = avcodec_send_frame(codec_.get(), frame.get());
  }
  if (error < 0) throw std::runtime_error(fmt::format("{}: {}", name_, av_error(error)));
  receive(sink);
}

void Encoder::receive(const Sink& sink) {
  for (;;) {
    const int error = avcodec_receive_packet(codec_.get(), packet_.get());
    if (error == AVERROR(EAGAIN)) return;
    if (error < 0) throw std::runtime_error(fmt::format("{}: {}", name_, av_error(error)));
    while (inside_.size() > 1 && inside_.front().pts < packet_->pts) inside_.pop_front();
    const Stamp stamp = inside_.empty() ? Stamp{} : inside_.front();
    auto formed = wire_.format({packet_->data, static_cast<std::size_t>(packet_->size)});
    av_packet_unref(packet_.get());
    if (formed.bytes.empty()) continue;
    if (!formed.decodable)
      throw std::runtime_error(fmt::format("{}: sent an IDR without parameter sets", name_));
    sink(CodedPicture{std::move(formed.bytes), formed.idr, stamp.captured, stamp.in});
  }
}

}  // namespace rearview::camera
