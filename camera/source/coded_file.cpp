#include "camera/source/coded_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "h264/sps.h"

namespace rearview::camera {
namespace {

constexpr double kLeastFps = 1;
constexpr double kMostFps = 240;
// A longer step between two pictures is a hole in the recording, not a rate.
constexpr double kLongestStep_s = 1;
constexpr std::size_t kInspectedBytes = std::size_t{64} << 20;

bool sane(double fps) {
  return fps >= kLeastFps && fps <= kMostFps;
}

std::optional<double> sps_fps(std::span<const std::uint8_t> parameter_sets) {
  std::optional<double> fps;
  h264::AnnexBSplitter splitter;
  const auto look = [&](const h264::NalUnit& nal) {
    if (nal.type() != h264::NalType::sps) return;
    if (const auto sps = h264::parse_sps(nal.body())) fps = sps->fps;
  };
  splitter.push(parameter_sets, look);
  splitter.flush(look);
  return fps;
}

}  // namespace

double file_fps(const MediaInput& input, double raw_fps) {
  if (!input.raw_h264()) return sane(input.fps()) ? input.fps() : raw_fps;
  const AVCodecParameters& parameters = *input.stream().codecpar;
  const auto fps =
      sps_fps({parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)});
  return fps && sane(*fps) ? *fps : raw_fps;
}

CodedFile::CodedFile(const std::string& path, double raw_fps)
    : CodedFile(std::make_unique<MediaInput>(path), raw_fps) {}

CodedFile::CodedFile(std::unique_ptr<MediaInput> input, double raw_fps)
    : input_(std::move(input)), fps_(file_fps(*input_, raw_fps)) {
  if (parameters().codec_id != AV_CODEC_ID_H264) throw std::runtime_error("it is not H.264");
  AVBSFContext* filter = nullptr;
  const AVBitStreamFilter* kind = av_bsf_get_by_name("h264_mp4toannexb");
  if (!kind || av_bsf_alloc(kind, &filter) < 0) throw std::bad_alloc();
  to_annexb_.reset(filter);
  filter->time_base_in = input_->stream().time_base;
  int error = avcodec_parameters_copy(filter->par_in, &parameters());
  if (error >= 0) error = av_bsf_init(filter);
  if (error < 0) throw std::runtime_error(av_error(error));
  // Parameter sets that come only here (RTSP's SDP, some containers): the filter takes care of
  // those in MP4's form alone.
  static_cast<void>(wire_.format(
      {parameters().extradata, static_cast<std::size_t>(parameters().extradata_size)}));
}

std::optional<CodedFile::Unit> CodedFile::read() {
  for (;;) {
    const AVPacket* read = input_->read();
    if (!read) return std::nullopt;
    // The filter gives one packet for each it takes.
    if (av_packet_ref(packet_.get(), read) < 0) throw std::bad_alloc();
    if (av_bsf_send_packet(to_annexb_.get(), packet_.get()) < 0 ||
        av_bsf_receive_packet(to_annexb_.get(), packet_.get()) < 0) {
      av_packet_unref(packet_.get());
      continue;  // damaged: as a decoder would, go on with the next
    }
    Unit unit;
    unit.coded = wire_.format({packet_->data, static_cast<std::size_t>(packet_->size)});
    const std::int64_t pts = packet_->pts;
    av_packet_unref(packet_.get());
    if (unit.coded.bytes.empty()) continue;
    unit.step_s = step_to(pts);
    return unit;
  }
}

double CodedFile::step_to(std::int64_t pts) {
  const double usual_s = 1 / fps_;
  if (input_->raw_h264() || pts == AV_NOPTS_VALUE) return usual_s;
  const auto before = std::exchange(last_pts_, pts);
  if (!before) return usual_s;
  const double step_s = static_cast<double>(pts - *before) * av_q2d(input_->stream().time_base);
  return step_s > 0 && step_s <= kLongestStep_s ? step_s : usual_s;
}

void CodedFile::rewind() {
  input_->rewind();
  av_bsf_flush(to_annexb_.get());
  last_pts_.reset();
}

std::optional<std::string> why_not_passed_through(const std::string& path, double raw_fps,
                                                  double max_gop_s) {
  const MediaInput input(path);
  const AVCodecParameters& parameters = *input.stream().codecpar;
  if (parameters.codec_id != AV_CODEC_ID_H264)
    return fmt::format("it is {}, not H.264", avcodec_get_name(parameters.codec_id));
  if (parameters.field_order != AV_FIELD_UNKNOWN && parameters.field_order != AV_FIELD_PROGRESSIVE)
    return "it is interlaced";

  CodedFile file(path, raw_fps);
  std::size_t bytes = 0;
  std::size_t pictures = 0;
  double since_idr_s = 0;
  double longest_gop_s = 0;
  while (bytes < kInspectedBytes) {
    const auto unit = file.read();
    if (!unit) break;
    bytes += unit->coded.bytes.size();
    if (pictures == 0 && !unit->coded.idr) return "it doesn't begin with an IDR";
    if (!unit->coded.decodable) return "it has no SPS and PPS before its first IDR";
    if (unit->coded.b_slice) return "it has B-frames";
    since_idr_s = unit->coded.idr || pictures == 0 ? 0 : since_idr_s + unit->step_s;
    longest_gop_s = std::max(longest_gop_s, since_idr_s);
    ++pictures;
  }
  if (pictures == 0) return "no picture was found in it";
  if (longest_gop_s > max_gop_s)
    return fmt::format("it has an IDR only every {:.1f} s, more than {:.1f} s", longest_gop_s,
                       max_gop_s);
  return std::nullopt;
}

}  // namespace rearview::camera
