#include "camera/source/live_source.h"

extern "C" {
#include <libavutil/imgutils.h>
}

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace rearview::camera {
namespace {

// A GOP is not longer than this, or the picture would take too long to come.
constexpr double kLongestGop_s = 10;

/// Of planar formats, only the luma counts.
bool same_picture(const AVFrame& a, const AVFrame& b) {
  if (a.format != b.format || a.width != b.width || a.height != b.height) return false;
  const int row = av_image_get_linesize(static_cast<AVPixelFormat>(a.format), a.width, 0);
  for (int y = 0; y < a.height && row > 0; ++y) {
    if (std::memcmp(a.data[0] + y * a.linesize[0], b.data[0] + y * b.linesize[0],
                    static_cast<std::size_t>(row)) != 0)
      return false;
  }
  return true;
}

}  // namespace

LiveCodedSource::LiveCodedSource(std::string name, std::unique_ptr<MediaInput> input,
                                 double raw_fps)
    : name_(std::move(name)), input_(std::move(input), raw_fps) {}

std::optional<CodedPicture> LiveCodedSource::next(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto unit = input_.read();
    if (!unit) throw std::runtime_error("it has ended");
    if (unit->coded.b_slice)
      throw std::runtime_error("it has B-frames; set source.pass_through to false");
    begun_ = begun_ || (unit->coded.idr && unit->coded.decodable);
    if (!begun_ && seconds_between(opened_, SteadyClock::now()) > kLongestGop_s)
      throw std::runtime_error("it sends no IDR with parameter sets");
    if (!begun_) continue;
    changes_.picture(unit->coded.idr, unit->coded.slice_bytes);
    const SteadyTime now = SteadyClock::now();
    return CodedPicture{std::move(unit->coded.bytes), unit->coded.idr, now, now};
  }
  return std::nullopt;
}

SourceInfo LiveCodedSource::info() const {
  const AVCodecParameters& parameters = input_.parameters();
  return {name_, "passed through", parameters.width, parameters.height, input_.fps()};
}

LivePictureSource::LivePictureSource(std::unique_ptr<MediaInput> input, double raw_fps,
                                     double most_fps, int threads)
    : input_(std::move(input)), raw_fps_(file_fps(*input_, raw_fps)), most_fps_(most_fps) {
  const AVCodecParameters& parameters = *input_->stream().codecpar;
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (!codec) throw std::runtime_error("there is no decoder for it");
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  decoder_->thread_count = threads;
  decoder_->thread_type = FF_THREAD_SLICE;  // frame threads would hold pictures back
  decoder_->flags |= AV_CODEC_FLAG_LOW_DELAY;
  int error = avcodec_parameters_to_context(decoder_.get(), &parameters);
  if (error >= 0) error = avcodec_open2(decoder_.get(), codec, nullptr);
  if (error < 0) throw std::runtime_error(av_error(error));
}

double LivePictureSource::fps() const {
  return std::min(raw_fps_, most_fps_);
}

std::optional<Picture> LivePictureSource::next(std::stop_token stop) {
  AvFrame frame = make_av_frame();
  while (!stop.stop_requested()) {
    if (avcodec_receive_frame(decoder_.get(), frame.get()) < 0) {
      const AVPacket* packet = input_->read();
      if (!packet) throw std::runtime_error("it has ended");
      // A damaged packet is skipped, as a player would.
      static_cast<void>(avcodec_send_packet(decoder_.get(), packet));
      continue;
    }
    compare(*frame);
    const SteadyTime now = SteadyClock::now();
    const auto period = std::chrono::duration_cast<SteadyClock::duration>(
        std::chrono::duration<double>(1 / most_fps_));
    if (next_kept_ && now < *next_kept_ - period / 4) continue;
    next_kept_ = std::max(next_kept_.value_or(now) + period, now);
    return Picture{std::move(frame), now};
  }
  return std::nullopt;
}

void LivePictureSource::compare(const AVFrame& frame) {
  if (before_ && !same_picture(*before_, frame)) ++changes_;
  before_.reset(av_frame_clone(&frame));
}

}  // namespace rearview::camera
