#include "receive/libav_input.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/clock.h"
#include "receive/libav.h"
#include "receive/stream_url.h"
#include "receive/unfinished.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/parseutils.h>
}

namespace rearview {
namespace {

struct Dictionary {
  AVDictionary* entries = nullptr;
  ~Dictionary() { av_dict_free(&entries); }
  void set(const char* key, const char* value) { av_dict_set(&entries, key, value, 0); }
};

std::optional<double> positive(AVRational value) {
  if (value.num <= 0 || value.den <= 0) return std::nullopt;
  return av_q2d(value);
}

struct IoDeleter {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};
using IoPointer = std::unique_ptr<AVIOContext, IoDeleter>;

// What an address of a network, and what it leads to, may use; the rest of libavformat's protocols
// would let a camera's answer name files of this machine.
constexpr const char* kNetworkProtocols =
    "tcp,tls,udp,rtp,srtp,http,https,httpproxy,rtmp,rtmps,rtmpt,rtmpts,srt,crypto";

}  // namespace

struct LibavInput::State {
  Options options;
  std::optional<SteadyTime> deadline;
  std::optional<InputFile> file;
  IoPointer io;  // reads the file; goes after the format that uses it
  libav::FormatPointer format;
  libav::FilterPointer filter;
  libav::PacketPointer packet = libav::new_packet();
  AVStream* stream = nullptr;
  bool at_end = false;
  std::string error;

  void set_deadline(int timeout_ms) {
    deadline.reset();
    if (timeout_ms > 0) deadline = SteadyClock::now() + std::chrono::milliseconds(timeout_ms);
  }
  bool late() const { return deadline && SteadyClock::now() >= *deadline; }

  static int interrupted(void* self) {
    const State& state = *static_cast<const State*>(self);
    return state.options.stop.stop_requested() || state.late() ? 1 : 0;
  }

  std::string reason(int code) const {
    if (options.stop.stop_requested()) return "stopped";
    if (late()) return "nothing came in time";
    return libav::error_text(code);
  }

  static int read_file(void* self, std::uint8_t* target, int size) {
    try {
      const std::size_t bytes =
          static_cast<State*>(self)->file->read({target, static_cast<std::size_t>(size)});
      return bytes > 0 ? static_cast<int>(bytes) : AVERROR_EOF;
    } catch (const std::runtime_error&) {
      return AVERROR(EIO);
    }
  }

  void make_io() {
    constexpr int kBytes = 65536;
    auto* buffer = static_cast<unsigned char*>(av_malloc(kBytes));
    if (buffer == nullptr) throw std::bad_alloc();
    io.reset(avio_alloc_context(buffer, kBytes, 0, this, &State::read_file, nullptr, nullptr));
    if (!io) {
      av_free(buffer);
      throw std::bad_alloc();
    }
  }

  std::string why(int code) const {
    if (code == AVERROR_INVALIDDATA && file) {
      if (std::string why = why_unreadable(*file); !why.empty()) return why;
    }
    return reason(code);
  }

  void open(const std::string& url) {
    AVFormatContext* raw = avformat_alloc_context();
    if (raw == nullptr) throw std::bad_alloc();
    raw->interrupt_callback = {&State::interrupted, this};
    Dictionary settings;
    if (options.live) {
      raw->flags |= AVFMT_FLAG_NOBUFFER | AVFMT_FLAG_DISCARD_CORRUPT;
      raw->max_delay = 0;
      // UDP loses packets on a busy radio link; the camera's own stream is TCP too.
      settings.set("rtsp_transport", "tcp");
      settings.set("probesize", "65536");
      settings.set("analyzeduration", "500000");
    }
    if (file && !file->can_rewind()) {
      make_io();
      raw->pb = io.get();
    }
    settings.set("protocol_whitelist", file ? "file" : kNetworkProtocols);
    set_deadline(options.open_timeout_ms);
    // On failure it frees the context that it was given.
    int code = avformat_open_input(&raw, url.c_str(), nullptr, &settings.entries);
    if (code < 0) throw std::runtime_error(why(code));
    format.reset(raw);
    code = avformat_find_stream_info(raw, nullptr);
    if (code < 0) throw std::runtime_error(why(code));
    const int index = av_find_best_stream(raw, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (index < 0) throw std::runtime_error("no video in it");
    stream = raw->streams[index];
    for (unsigned i = 0; i < raw->nb_streams; ++i) {
      if (static_cast<int>(i) != index) raw->streams[i]->discard = AVDISCARD_ALL;
    }
    make_filter();
  }

  // Containers carry H.264 with lengths instead of start codes; this makes Annex-B of it, and
  // passes what already is.
  void make_filter() {
    const bool wanted = stream->codecpar->codec_id == AV_CODEC_ID_H264;
    const AVBitStreamFilter* kind = av_bsf_get_by_name(wanted ? "h264_mp4toannexb" : "null");
    AVBSFContext* raw = nullptr;
    if (kind == nullptr || av_bsf_alloc(kind, &raw) < 0)
      throw std::runtime_error("libavcodec lacks its bit stream filters");
    filter.reset(raw);
    raw->time_base_in = stream->time_base;
    if (avcodec_parameters_copy(raw->par_in, stream->codecpar) < 0 || av_bsf_init(raw) < 0)
      throw std::runtime_error("the stream's description can't be used");
  }
};

LibavInput::LibavInput(const std::string& url, const Options& options)
    : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->open(url);
}

LibavInput::LibavInput(InputFile file, const Options& options) : state_(std::make_unique<State>()) {
  state_->options = options;
  // With its protocol in front a colon in the name is none.
  const std::string url = "file:" + file.path();
  state_->file.emplace(std::move(file));
  state_->open(url);
}

LibavInput::~LibavInput() = default;

LibavInput::Status LibavInput::read(Packet& packet) {
  State& s = *state_;
  AVPacket* raw = s.packet.get();
  s.set_deadline(s.options.read_timeout_ms);
  for (;;) {
    av_packet_unref(raw);
    int code = av_bsf_receive_packet(s.filter.get(), raw);
    if (code == 0) {
      if (raw->size == 0) continue;
      const std::int64_t time = raw->pts != AV_NOPTS_VALUE ? raw->pts : raw->dts;
      packet.bytes = {raw->data, static_cast<std::size_t>(raw->size)};
      packet.pts_s.reset();
      if (time != AV_NOPTS_VALUE)
        packet.pts_s = static_cast<double>(time) * av_q2d(s.filter->time_base_out);
      packet.keyframe = (raw->flags & AV_PKT_FLAG_KEY) != 0;
      return Status::packet;
    }
    if (code == AVERROR_EOF) return Status::end;
    // Anything else: it wants more, or couldn't use what it got and goes on behind it.
    if (s.at_end) return Status::end;
    code = av_read_frame(s.format.get(), raw);
    if (code >= 0 && raw->stream_index != s.stream->index) continue;
    if (code == AVERROR_EOF) {
      s.at_end = true;
      if (av_bsf_send_packet(s.filter.get(), nullptr) < 0) return Status::end;
      continue;
    }
    if (code < 0) {
      s.error = s.why(code);
      return Status::failed;
    }
    av_bsf_send_packet(s.filter.get(), raw);
  }
}

const std::string& LibavInput::error() const {
  return state_->error;
}

const AVCodecParameters& LibavInput::parameters() const {
  return *state_->filter->par_out;
}

bool LibavInput::is_h264() const {
  return state_->stream->codecpar->codec_id == AV_CODEC_ID_H264;
}

std::string LibavInput::codec() const {
  return avcodec_get_name(state_->stream->codecpar->codec_id);
}

h264::AccessUnit LibavInput::access_unit(const Packet& packet) const {
  const AVCodecParameters& about = parameters();
  return h264::whole_access_unit(packet.bytes,
                                 {about.extradata, static_cast<std::size_t>(about.extradata_size)});
}

std::optional<double> LibavInput::fps() const {
  if (const auto average = positive(state_->stream->avg_frame_rate)) return average;
  return positive(state_->stream->r_frame_rate);
}

std::optional<WallTime> LibavInput::created() const {
  const AVDictionaryEntry* entry =
      av_dict_get(state_->format->metadata, "creation_time", nullptr, 0);
  std::int64_t unix_us = 0;
  if (entry == nullptr || av_parse_time(&unix_us, entry->value, 0) < 0) return std::nullopt;
  return wall_time(std::chrono::microseconds(unix_us));
}

std::optional<double> LibavInput::duration_s() const {
  const State& s = *state_;
  if (s.stream->duration > 0)
    return static_cast<double>(s.stream->duration) * av_q2d(s.stream->time_base);
  if (s.format->duration > 0) return static_cast<double>(s.format->duration) / AV_TIME_BASE;
  return std::nullopt;
}

Orientation LibavInput::orientation() const {
  constexpr std::size_t kMatrixBytes = 9 * sizeof(std::int32_t);
  std::array<std::int32_t, 9> matrix{};
  std::size_t size = 0;
  const AVStream& stream = *state_->stream;
  const std::uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data != nullptr && size >= kMatrixBytes) {
    std::memcpy(matrix.data(), data, kMatrixBytes);
  } else if (const auto* tag = av_dict_get(stream.metadata, "rotate", nullptr, 0)) {
    // What ffmpeg wrote before 5.0 where a container has no matrix: degrees clockwise.
    av_display_rotation_set(matrix.data(), std::atof(tag->value));
  } else {
    return {};
  }
  // ISO/IEC 14496-12, 6.2.2: x' = a x + c y and y' = b x + d y; the nearest quarter turn.
  const std::int64_t a = matrix[0];
  const std::int64_t b = matrix[1];
  const std::int64_t c = matrix[3];
  const std::int64_t d = matrix[4];
  if (std::abs(b) + std::abs(c) > std::abs(a) + std::abs(d)) return {true, c < 0, b < 0};
  return {false, a < 0, d < 0};
}

}  // namespace rearview
