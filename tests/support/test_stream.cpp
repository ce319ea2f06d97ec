#include "tests/support/test_stream.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <opencv2/core.hpp>
#include <stdexcept>
#include <string>

#include "h264/annexb_splitter.h"

namespace rearview::test {
namespace {

constexpr int kBits = 16;
constexpr int kBands = 6;

bool block_is_bright(int number, int band, int bit) {
  return ((number >> bit & 1) != 0) != (band % 2 != 0);
}

int sample_bytes(const AVFrame& frame) {
  return av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format))->comp[0].depth > 8 ? 2 : 1;
}

void draw(AVFrame& frame, int number, const StreamOptions& options) {
  const int noise = options.noise;
  const int wide = sample_bytes(frame);
  const auto put = [&](int plane, int x, int y, int value) {
    std::uint8_t* row = frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane];
    if (wide == 1) {
      row[x] = static_cast<std::uint8_t>(value);
    } else {  // 10 bits, little endian
      row[2 * x] = static_cast<std::uint8_t>(value << 2);
      row[2 * x + 1] = static_cast<std::uint8_t>(value >> 6);
    }
  };
  for (int y = 0; y < frame.height; ++y) {
    const int band = y * kBands / frame.height;
    for (int x = 0; x < frame.width; ++x) {
      const int bit = x * kBits / frame.width;
      std::uint32_t pattern = static_cast<std::uint32_t>(x) * 2654435761U ^
                              static_cast<std::uint32_t>(y) * 40503U ^
                              static_cast<std::uint32_t>(number) * 97U;
      pattern = (pattern ^ pattern >> 13) * 1274126177U;
      const int texture = noise == 0 ? 0 : static_cast<int>(pattern >> 20) % noise;
      put(0, x, y, block_is_bright(number, band, bit) ? 200 - texture : 50 + texture);
    }
  }
  int shift_x = 0;
  int shift_y = 0;
  av_pix_fmt_get_chroma_sub_sample(static_cast<AVPixelFormat>(frame.format), &shift_x, &shift_y);
  for (int plane = 1; plane <= 2; ++plane) {
    for (int y = 0; y < (frame.height + (1 << shift_y) - 1) >> shift_y; ++y) {
      for (int x = 0; x < (frame.width + (1 << shift_x) - 1) >> shift_x; ++x)
        put(plane, x, y, plane == 1 ? options.blue_difference : options.red_difference);
    }
  }
}

constexpr std::uint8_t kDelimiter[] = {0, 0, 0, 1, 9, 0xf0};

std::vector<std::uint8_t> with_short_start_codes(const std::vector<std::uint8_t>& unit) {
  std::vector<std::uint8_t> out;
  const auto take = [&](const h264::NalUnit& nal) {
    const auto body = nal.body();
    out.insert(out.end(), {0, 0, 1});
    out.insert(out.end(), body.begin(), body.end());
  };
  h264::AnnexBSplitter splitter;
  splitter.push(unit, take);
  splitter.flush(take);
  return out;
}

}  // namespace

struct TestEncoder::State {
  StreamOptions options;
  AVCodecContext* context = nullptr;
  AVFrame* frame = nullptr;
  AVPacket* packet = nullptr;
  std::int64_t next_pts = 0;

  ~State() {
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&context);
  }

  void send(int number, bool force_idr) {
    if (av_frame_make_writable(frame) < 0) throw std::runtime_error("test encoder: no memory");
    draw(*frame, number, options);
    frame->pts = next_pts++;
    frame->pict_type = force_idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    if (avcodec_send_frame(context, frame) < 0) throw std::runtime_error("test encoder: send");
  }

  std::optional<std::vector<std::uint8_t>> receive() {
    if (avcodec_receive_packet(context, packet) < 0) return std::nullopt;
    std::vector<std::uint8_t> unit(packet->data, packet->data + packet->size);
    av_packet_unref(packet);
    if (options.delimiters == Delimiters::behind)
      unit.insert(unit.end(), std::begin(kDelimiter), std::end(kDelimiter));
    if (options.short_start_codes) unit = with_short_start_codes(unit);
    return unit;
  }
};

TestEncoder::TestEncoder(const StreamOptions& options) : state_(std::make_unique<State>()) {
  av_log_set_level(AV_LOG_ERROR);  // libx264 reports every setting and every picture
  state_->options = options;
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr) throw std::runtime_error("libavcodec has no libx264");
  AVCodecContext* context = avcodec_alloc_context3(codec);
  state_->context = context;
  context->width = options.width;
  context->height = options.height;
  context->time_base = {1, options.fps};
  context->framerate = {options.fps, 1};
  context->gop_size = options.gop;
  context->max_b_frames = options.b_frames;
  context->pix_fmt = av_get_pix_fmt(options.pixel_format.c_str());
  context->color_range = options.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (options.bt709) context->colorspace = AVCOL_SPC_BT709;
  context->thread_count = std::max(1, options.slices);
  av_opt_set(context->priv_data, "preset", options.preset.c_str(), 0);
  if (options.b_frames == 0) av_opt_set(context->priv_data, "tune", "zerolatency", 0);
  av_opt_set_int(context->priv_data, "qp", options.quantiser, 0);
  av_opt_set_int(context->priv_data, "forced-idr", 1, 0);
  std::string parameters = "scenecut=0:slices=" + std::to_string(options.slices) +
                           ":sliced-threads=" + (options.slices > 1 ? "1" : "0") +
                           ":bframes=" + std::to_string(options.b_frames);
  parameters += ":aud=" + std::string(options.delimiters == Delimiters::before ? "1" : "0");
  if (options.intra_refresh) parameters += ":intra-refresh=1";
  av_opt_set(context->priv_data, "x264-params", parameters.c_str(), 0);
  if (avcodec_open2(context, codec, nullptr) < 0)
    throw std::runtime_error("test encoder: can't open libx264");
  state_->frame = av_frame_alloc();
  state_->packet = av_packet_alloc();
  state_->frame->format = context->pix_fmt;
  state_->frame->width = options.width;
  state_->frame->height = options.height;
  if (av_frame_get_buffer(state_->frame, 0) < 0)
    throw std::runtime_error("test encoder: no memory");
}

TestEncoder::~TestEncoder() = default;

std::vector<std::uint8_t> TestEncoder::encode(int number, bool force_idr) {
  state_->send(number, force_idr);
  auto unit = state_->receive();
  if (!unit) throw std::runtime_error("test encoder: no picture came out");
  return std::move(*unit);
}

std::vector<std::vector<std::uint8_t>> TestEncoder::encode_all(int frames) {
  std::vector<std::vector<std::uint8_t>> units;
  const auto drain = [&] {
    while (auto unit = state_->receive()) units.push_back(std::move(*unit));
  };
  for (int i = 0; i < frames; ++i) {
    state_->send(state_->options.first_number + i, false);
    drain();
  }
  avcodec_send_frame(state_->context, nullptr);
  drain();
  return units;
}

std::vector<std::vector<std::uint8_t>> make_access_units(int frames, const StreamOptions& options) {
  return TestEncoder(options).encode_all(frames);
}

std::vector<std::uint8_t> make_h264(int frames, const StreamOptions& options) {
  std::vector<std::uint8_t> bytes;
  for (const auto& unit : make_access_units(frames, options))
    bytes.insert(bytes.end(), unit.begin(), unit.end());
  return bytes;
}

void write_recording(const std::string& path, const std::string& encoder, int frames,
                     const StreamOptions& options) {
  const auto demand = [&](bool condition, const char* what) {
    if (!condition) throw std::runtime_error("write_recording: " + path + ": " + what);
  };
  av_log_set_level(AV_LOG_ERROR);
  AVFormatContext* format = nullptr;
  demand(avformat_alloc_output_context2(&format, nullptr, nullptr, path.c_str()) >= 0, "container");
  const AVCodec* codec = avcodec_find_encoder_by_name(encoder.c_str());
  demand(codec != nullptr, "encoder");
  AVCodecContext* context = avcodec_alloc_context3(codec);
  context->width = options.width;
  context->height = options.height;
  context->time_base = {1, options.fps};
  context->framerate = {options.fps, 1};
  context->gop_size = options.gop;
  context->max_b_frames = options.b_frames;
  context->pix_fmt = av_get_pix_fmt(options.pixel_format.c_str());
  context->bit_rate = 2'000'000;
  if ((format->oformat->flags & AVFMT_GLOBALHEADER) != 0)
    context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  demand(avcodec_open2(context, codec, nullptr) >= 0, "open encoder");
  AVStream* stream = avformat_new_stream(format, nullptr);
  avcodec_parameters_from_context(stream->codecpar, context);
  stream->time_base = context->time_base;
  stream->avg_frame_rate = context->framerate;
  demand(avio_open(&format->pb, path.c_str(), AVIO_FLAG_WRITE) >= 0, "open file");
  demand(avformat_write_header(format, nullptr) >= 0, "header");
  AVFrame* frame = av_frame_alloc();
  frame->format = context->pix_fmt;
  frame->width = options.width;
  frame->height = options.height;
  demand(av_frame_get_buffer(frame, 0) >= 0, "memory");
  AVPacket* packet = av_packet_alloc();
  for (int n = 0; n <= frames; ++n) {
    if (n < frames) {
      demand(av_frame_make_writable(frame) >= 0, "memory");
      draw(*frame, options.first_number + n, options);
      frame->pts = n;
    }
    demand(avcodec_send_frame(context, n < frames ? frame : nullptr) >= 0, "encode");
    while (avcodec_receive_packet(context, packet) == 0) {
      av_packet_rescale_ts(packet, context->time_base, stream->time_base);
      packet->stream_index = 0;
      demand(av_interleaved_write_frame(format, packet) >= 0, "write");
    }
  }
  demand(av_write_trailer(format) >= 0, "trailer");
  av_packet_free(&packet);
  av_frame_free(&frame);
  avcodec_free_context(&context);
  avio_closep(&format->pb);
  avformat_free_context(format);
}

std::optional<int> picture_number(const cv::Mat& luma) {
  std::optional<int> number;
  for (int band = 0; band < kBands; ++band) {
    int shown = 0;
    for (int bit = 0; bit < kBits; ++bit) {
      const int left = luma.cols * bit / kBits;
      const int right = luma.cols * (bit + 1) / kBits;
      const int top = luma.rows * band / kBands;
      const int bottom = luma.rows * (band + 1) / kBands;
      // A quarter of the block's side stays out at each edge: compression smears them.
      const int inset_x = (right - left) / 4;
      const int inset_y = (bottom - top) / 4;
      const cv::Mat block = luma(cv::Range(top + inset_y, bottom - inset_y),
                                 cv::Range(left + inset_x, right - inset_x));
      const double mean = cv::mean(block)[0];
      if (mean > 100 && mean < 150) return std::nullopt;
      if ((mean > 125) != (band % 2 != 0)) shown |= 1 << bit;
    }
    if (number && *number != shown) return std::nullopt;
    number = shown;
  }
  return number;
}

}  // namespace rearview::test
