#include "camera/record/thumbnailer.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <functional>
#include <new>
#include <stdexcept>

#include "base/log.h"
#include "camera/libav.h"
#include "camera/source/media_input.h"

namespace rearview::camera {
namespace {

constexpr int kWidth_px = 320;
constexpr int kJpegQuality = 4;  // libav's scale, 2 the best, 31 the worst

AvCodec open_codec(const AVCodec* codec, const std::function<void(AVCodecContext&)>& set) {
  AvCodec context(avcodec_alloc_context3(codec));
  if (!context) throw std::bad_alloc();
  context->thread_count = 1;
  set(*context);
  if (const int error = avcodec_open2(context.get(), codec, nullptr); error < 0)
    throw std::runtime_error(fmt::format("{}: {}", codec->name, av_error(error)));
  return context;
}

AvFrame first_picture(const std::filesystem::path& video) {
  MediaInput input("file:" + video.string());
  const AVCodecParameters& parameters = *input.stream().codecpar;
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (!codec) throw std::runtime_error("no decoder");
  const AvCodec decoder = open_codec(codec, [&](AVCodecContext& context) {
    avcodec_parameters_to_context(&context, &parameters);
    context.flags |= AV_CODEC_FLAG_LOW_DELAY;
  });
  AvFrame frame = make_av_frame();
  while (avcodec_receive_frame(decoder.get(), frame.get()) < 0) {
    const AVPacket* packet = input.read();
    avcodec_send_packet(decoder.get(), packet);
    if (!packet && avcodec_receive_frame(decoder.get(), frame.get()) < 0)
      throw std::runtime_error("no picture can be decoded");
    if (!packet) break;
  }
  return frame;
}

AvFrame scaled(const AVFrame& from) {
  AvFrame to = make_av_frame();
  to->width = kWidth_px;
  to->height = std::max(2, from.height * kWidth_px / from.width / 2 * 2);
  to->format = AV_PIX_FMT_YUVJ420P;
  to->color_range = AVCOL_RANGE_JPEG;
  if (av_frame_get_buffer(to.get(), 0) < 0) throw std::bad_alloc();
  const AvScaler scaler(
      sws_getContext(from.width, from.height, static_cast<AVPixelFormat>(from.format), to->width,
                     to->height, AV_PIX_FMT_YUVJ420P, SWS_AREA, nullptr, nullptr, nullptr));
  if (!scaler) throw std::runtime_error("the picture can't be scaled");
  sws_scale(scaler.get(), from.data, from.linesize, 0, from.height, to->data, to->linesize);
  return to;
}

}  // namespace

void make_thumbnail(const std::filesystem::path& video, const std::filesystem::path& jpeg) {
  const AvFrame picture = scaled(*first_picture(video));
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  if (!codec) throw std::runtime_error("no JPEG encoder");
  const AvCodec encoder = open_codec(codec, [&](AVCodecContext& context) {
    context.width = picture->width;
    context.height = picture->height;
    context.pix_fmt = AV_PIX_FMT_YUVJ420P;
    context.color_range = AVCOL_RANGE_JPEG;
    context.time_base = {1, 1};
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = kJpegQuality * FF_QP2LAMBDA;
  });
  picture->quality = kJpegQuality * FF_QP2LAMBDA;
  const AvPacket packet = make_av_packet();
  if (avcodec_send_frame(encoder.get(), picture.get()) < 0 ||
      avcodec_receive_packet(encoder.get(), packet.get()) < 0)
    throw std::runtime_error("the JPEG can't be encoded");

  const std::filesystem::path beside = jpeg.string() + ".tmp";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(packet->data), packet->size);
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(beside, jpeg, error);
  if (!out || error) {
    std::filesystem::remove(beside, error);
    throw std::runtime_error(fmt::format("{}: can't be written", jpeg.string()));
  }
}

Thumbnailer::Thumbnailer(Recordings& recordings, Worker::Failure failure)
    : recordings_(recordings) {
  worker_.persist(
      "thumbnail", [this](std::stop_token stop) { run(std::move(stop)); }, std::move(failure));
}

void Thumbnailer::wake() {
  {
    const MutexLock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void Thumbnailer::run(std::stop_token stop) {
  constexpr int kLowest = 19;
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLowest));
  while (!stop.stop_requested()) {
    {
      MutexLock lock(mutex_);
      if (!changed_.wait(lock, stop, [&]() REQUIRES(mutex_) { return woken_; })) return;
      woken_ = false;
    }
    make_missing(stop);
  }
}

void Thumbnailer::make_missing(const std::stop_token& stop) {
  std::set<std::string> still_failed;
  for (const auto& chunk : recordings_.list()) {
    if (stop.stop_requested()) return;
    const auto jpeg = Recordings::thumbnail_of(chunk);
    if (chunk.open || std::filesystem::exists(jpeg)) continue;
    const std::string name = chunk.path.filename().string();
    if (failed_.contains(name)) {
      still_failed.insert(name);
      continue;
    }
    try {
      make_thumbnail(chunk.path, jpeg);
    } catch (const std::exception& e) {
      log::warning("thumbnail", "not made", {{"chunk", name}, {"why", e.what()}});
      still_failed.insert(name);
    }
  }
  failed_ = std::move(still_failed);
}

}  // namespace rearview::camera
