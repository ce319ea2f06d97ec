#include "render/video_writer.h"

#include <fmt/core.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace rearview {
namespace {

constexpr AVRational kTimeBase{1, 90'000};

void check(int result, const std::string& what) {
  if (result >= 0) return;
  char text[AV_ERROR_MAX_STRING_SIZE];
  av_strerror(result, text, sizeof text);
  throw std::runtime_error(what + ": " + text);
}

struct Deleter {
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
  void operator()(AVFormatContext* p) const {
    if (p->pb) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};

template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

}  // namespace

struct VideoWriter::Impl {
  std::string name;
  Owned<AVFormatContext> format;
  Owned<AVCodecContext> encoder;
  Owned<SwsContext> scaler;
  Owned<AVFrame> frame;
  Owned<AVPacket> packet;
  AVStream* stream = nullptr;
  std::optional<std::int64_t> last_pts;

  void drain(AVFrame* input) {
    check(avcodec_send_frame(encoder.get(), input), name + ": encode");
    for (;;) {
      const int result = avcodec_receive_packet(encoder.get(), packet.get());
      if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
      check(result, name + ": encode");
      av_packet_rescale_ts(packet.get(), encoder->time_base, stream->time_base);
      packet->stream_index = stream->index;
      check(av_interleaved_write_frame(format.get(), packet.get()), name + ": write");
    }
  }
};

VideoWriter::VideoWriter(const std::filesystem::path& file, cv::Size size, double fps)
    : impl_(std::make_unique<Impl>()) {
  Impl& to = *impl_;
  to.name = file.string();
  const int width = size.width & ~1;
  const int height = size.height & ~1;

  AVFormatContext* format = nullptr;
  check(avformat_alloc_output_context2(&format, nullptr, "mp4", to.name.c_str()), to.name);
  to.format.reset(format);
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (!codec) throw std::runtime_error(to.name + ": this libavcodec has no libx264");
  to.encoder.reset(avcodec_alloc_context3(codec));
  to.encoder->width = width;
  to.encoder->height = height;
  to.encoder->pix_fmt = AV_PIX_FMT_YUV420P;
  to.encoder->color_range = AVCOL_RANGE_MPEG;
  to.encoder->time_base = kTimeBase;
  to.encoder->framerate = av_d2q(fps, 1000);
  to.encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_opt_set(to.encoder->priv_data, "preset", "veryfast", 0);
  av_opt_set(to.encoder->priv_data, "crf", "20", 0);
  check(avcodec_open2(to.encoder.get(), codec, nullptr), to.name + ": libx264");

  to.stream = avformat_new_stream(format, nullptr);
  if (!to.stream) throw std::bad_alloc();
  to.stream->time_base = kTimeBase;
  to.stream->avg_frame_rate = to.encoder->framerate;
  check(avcodec_parameters_from_context(to.stream->codecpar, to.encoder.get()), to.name);
  check(avio_open(&format->pb, to.name.c_str(), AVIO_FLAG_WRITE), to.name);
  // The index goes in front, so that a browser can play while it loads.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart", 0);
  const int header = avformat_write_header(format, &options);
  av_dict_free(&options);
  check(header, to.name);

  to.frame.reset(av_frame_alloc());
  to.packet.reset(av_packet_alloc());
  to.frame->format = AV_PIX_FMT_YUV420P;
  to.frame->width = width;
  to.frame->height = height;
  check(av_frame_get_buffer(to.frame.get(), 0), to.name);
  to.scaler.reset(sws_getContext(width, height, AV_PIX_FMT_BGR24, width, height, AV_PIX_FMT_YUV420P,
                                 SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!to.scaler) throw std::runtime_error(to.name + ": can't convert pictures to 4:2:0");
}

VideoWriter::~VideoWriter() = default;

void VideoWriter::write(const cv::Mat& bgr, double t_s) {
  Impl& to = *impl_;
  CV_Assert(bgr.type() == CV_8UC3 && bgr.cols >= to.frame->width && bgr.rows >= to.frame->height);
  const auto pts = static_cast<std::int64_t>(std::llround(t_s * kTimeBase.den));
  if (to.last_pts && pts <= *to.last_pts) return;
  to.last_pts = pts;
  check(av_frame_make_writable(to.frame.get()), to.name);
  const std::uint8_t* const rows[] = {bgr.data};
  const int strides[] = {static_cast<int>(bgr.step[0])};
  sws_scale(to.scaler.get(), rows, strides, 0, to.frame->height, to.frame->data,
            to.frame->linesize);
  to.frame->pts = pts;
  to.drain(to.frame.get());
}

void VideoWriter::finish() {
  impl_->drain(nullptr);
  check(av_write_trailer(impl_->format.get()), impl_->name + ": index");
  check(avio_closep(&impl_->format->pb), impl_->name + ": close");
}

}  // namespace rearview
