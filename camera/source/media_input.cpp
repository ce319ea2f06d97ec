#include "camera/source/media_input.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

namespace rearview::camera {

MediaInput::MediaInput(const std::string& path) : path_(path) {
  open();
}

void MediaInput::open() {
  AVFormatContext* opened = nullptr;
  const auto check = [&](int result) {
    if (result < 0) throw std::runtime_error(fmt::format("{}: {}", path_, av_error(result)));
    return result;
  };
  check(avformat_open_input(&opened, path_.c_str(), nullptr, nullptr));
  input_.reset(opened);
  check(avformat_find_stream_info(opened, nullptr));
  const int index = av_find_best_stream(opened, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) throw std::runtime_error(fmt::format("{}: holds no video", path_));
  stream_ = opened->streams[index];
  if (stream_->codecpar->width <= 0 || stream_->codecpar->height <= 0)
    throw std::runtime_error(fmt::format("{}: its video can't be read", path_));
  for (unsigned i = 0; i < opened->nb_streams; ++i) {
    if (opened->streams[i] != stream_) opened->streams[i]->discard = AVDISCARD_ALL;
  }
}

const AVPacket* MediaInput::read() {
  for (;;) {
    av_packet_unref(packet_.get());
    const int error = av_read_frame(input_.get(), packet_.get());
    if (error == AVERROR_EOF) return nullptr;
    if (error < 0) throw std::runtime_error(fmt::format("{}: {}", path_, av_error(error)));
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
