#include "camera/source/decoded_file_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "camera/source/coded_file.h"

namespace rearview::camera {
namespace {

constexpr double kLongestFrame_s = 1;
// Behind by more than the first, pictures are left out until it has caught up; by more than the
// second, time goes on from now.
constexpr double kLate_s = 0.1;
constexpr double kFarBehind_s = 1;

}  // namespace

DecodedFileSource::DecodedFileSource(const std::string& path, double raw_fps, double most_fps,
                                     int threads, const Pacer& pacer)
    : path_(path),
      input_(path),
      file_fps_(file_fps(input_, raw_fps)),
      most_fps_(most_fps),
      pacer_(pacer) {
  const AVCodecParameters& parameters = *input_.stream().codecpar;
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (!codec)
    throw std::runtime_error(
        fmt::format("{}: no decoder for {}", path, avcodec_get_name(parameters.codec_id)));
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  decoder_->thread_count = threads;
  int error = avcodec_parameters_to_context(decoder_.get(), &parameters);
  if (error >= 0) error = avcodec_open2(decoder_.get(), codec, nullptr);
  if (error < 0) throw std::runtime_error(fmt::format("{}: {}", path, av_error(error)));
}

double DecodedFileSource::fps() const {
  return std::min(file_fps_, most_fps_);
}

AvFrame DecodedFileSource::decode() {
  AvFrame frame = make_av_frame();
  for (;;) {
    const int error = avcodec_receive_frame(decoder_.get(), frame.get());
    if (error == 0) {
      seen_picture_ = true;
      return frame;
    }
    if (error == AVERROR_EOF) {
      if (!seen_picture_)
        throw std::runtime_error(fmt::format("{}: no picture in it can be decoded", path_));
      avcodec_flush_buffers(decoder_.get());
      input_.rewind();
      draining_ = false;
      seen_picture_ = false;
      last_pts_.reset();
    }
    if (draining_) continue;
    const AVPacket* packet = input_.read();
    draining_ = packet == nullptr;
    // A damaged packet is skipped, as a player would.
    static_cast<void>(avcodec_send_packet(decoder_.get(), packet));
  }
}

double DecodedFileSource::step_to(const AVFrame& frame) {
  const double usual_s = 1 / file_fps_;
  const std::int64_t pts = frame.best_effort_timestamp;
  if (input_.raw_h264() || pts == AV_NOPTS_VALUE) return usual_s;
  const auto before = std::exchange(last_pts_, pts);
  if (!before) return usual_s;
  const double step_s = static_cast<double>(pts - *before) * av_q2d(input_.stream().time_base);
  return step_s > 0 && step_s <= kLongestFrame_s ? step_s : usual_s;
}

std::optional<Picture> DecodedFileSource::next(std::stop_token stop) {
  while (!stop.stop_requested()) {
    AvFrame frame = decode();
    const double step_s = step_to(*frame);
    media_s_ += step_s;
    skipped_s_ += step_s;
    const double period_s = 1 / most_fps_;
    // A quarter of a period of slack: stamps in whole milliseconds must not cost pictures.
    if (media_s_ < next_kept_s_ - period_s / 4) continue;
    next_kept_s_ = std::max(next_kept_s_ + period_s, media_s_);

    const SteadyTime due = pacer_.advance(std::exchange(skipped_s_, 0));
    const double late_s = pacer_.late_s(due);
    if (late_s > kFarBehind_s) {
      pacer_.forgive();
    } else if (late_s > kLate_s) {
      ++dropped_;
      continue;
    }
    if (!pacer_.wait(stop, due)) return std::nullopt;
    return Picture{std::move(frame), due};
  }
  return std::nullopt;
}

}  // namespace rearview::camera
