#include "camera/source/media_input.h"

#include <fmt/core.h>

#include <stdexcept>
#include <string_view>
#include <thread>

namespace rearview::camera {

namespace {

SteadyTime from_now(double seconds) {
  return SteadyClock::now() +
         std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
}

constexpr std::chrono::milliseconds kPollPeriod{2};

}  // namespace

MediaInput::MediaInput(const std::string& url) : url_(url) {
  open();
}

MediaInput::MediaInput(const std::string& url, const LiveInput& live) : url_(url), live_(live) {
  open();
}

int MediaInput::must_break_off(void* self) {
  const auto& input = *static_cast<MediaInput*>(self);
  return input.live_->stop.stop_requested() || SteadyClock::now() > input.deadline_ ? 1 : 0;
}

void MediaInput::open() {
  AVFormatContext* opened = nullptr;
  AVDictionary* settings = nullptr;
  const AVInputFormat* format = nullptr;
  const auto check = [&](int result) {
    if (result < 0) throw std::runtime_error(fmt::format("{}: {}", url_, av_error(result)));
    return result;
  };
  if (live_) {
    deadline_ = from_now(live_->open_timeout_s);
    opened = avformat_alloc_context();
    if (!opened) throw std::bad_alloc();
    opened->interrupt_callback = {must_break_off, this};
    // A device that stops delivering must not hold the thread inside the kernel.
    opened->flags |= AVFMT_FLAG_NONBLOCK | AVFMT_FLAG_NOBUFFER;
    for (const auto& [key, value] : live_->settings)
      av_dict_set(&settings, key.c_str(), value.c_str(), 0);
    if (!live_->format.empty()) {
      format = av_find_input_format(live_->format.c_str());
      if (!format)
        throw std::runtime_error(fmt::format("{}: libavformat lacks {}", url_, live_->format));
    }
  }
  const int result = avformat_open_input(&opened, url_.c_str(), format, &settings);
  av_dict_free(&settings);
  check(result);
  input_.reset(opened);
  check(avformat_find_stream_info(opened, nullptr));
  const int index = av_find_best_stream(opened, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) throw std::runtime_error(fmt::format("{}: holds no video", url_));
  stream_ = opened->streams[index];
  if (stream_->codecpar->width <= 0 || stream_->codecpar->height <= 0)
    throw std::runtime_error(fmt::format("{}: its video can't be read", url_));
  for (unsigned i = 0; i < opened->nb_streams; ++i) {
    if (opened->streams[i] != stream_) opened->streams[i]->discard = AVDISCARD_ALL;
  }
}

const AVPacket* MediaInput::read() {
  if (live_) deadline_ = from_now(live_->silence_timeout_s);
  for (;;) {
    av_packet_unref(packet_.get());
    const int error = av_read_frame(input_.get(), packet_.get());
    if (live_ && error == AVERROR(EAGAIN)) {
      if (must_break_off(this) == 0) {
        std::this_thread::sleep_for(kPollPeriod);
        continue;
      }
    }
    if (live_ && error < 0) {
      throw std::runtime_error(SteadyClock::now() > deadline_
                                   ? fmt::format("{}: nothing comes any more", url_)
                                   : fmt::format("{}: {}", url_, av_error(error)));
    }
    if (error == AVERROR_EOF) return nullptr;
    if (error < 0) throw std::runtime_error(fmt::format("{}: {}", url_, av_error(error)));
    if (packet_->stream_index == stream_->index) return packet_.get();
  }
}

void MediaInput::rewind() {
  const int error = raw_h264() ? av_seek_frame(input_.get(), -1, 0, AVSEEK_FLAG_BYTE)
                               : avformat_seek_file(input_.get(), -1, INT64_MIN, input_->start_time,
                                                    input_->start_time, 0);
  if (error < 0) open();  // a container without an index
}

bool MediaInput::raw_h264() const {
  return std::string_view(input_->iformat->name) == "h264";
}

double MediaInput::fps() const {
  const AVRational rate = stream_->avg_frame_rate;
  return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
}

}  // namespace rearview::camera
