#include "store/clip_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "h264/annexb_splitter.h"
#include "h264/slice_header.h"
#include "h264/sps.h"
#include "types/json.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr AVRational kTimeBase{1, 90'000};
/// Of the last picture, when it is the only one.
constexpr std::int64_t kOnePicture = 3'000;
constexpr int kB = 1;  ///< slice_type, ITU-T H.264 table 7-6

struct CloseOutput {
  void operator()(AVFormatContext* p) const {
    if (p->pb) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};
struct FreePacket {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};

void check(int result, const std::filesystem::path& file) {
  if (result >= 0) return;
  char text[AV_ERROR_MAX_STRING_SIZE];
  av_strerror(result, text, sizeof text);
  throw std::runtime_error(fmt::format("{}: {}", file.string(), text));
}

/// A unit's parameter sets and the rest of it. avc1 wants them apart (ISO/IEC 14496-15, 5.3); it
/// has no use for delimiters and filler.
struct Parts {
  Bytes sps;
  Bytes pps;
  Bytes picture;
};

Parts parts_of(const LiveAccessUnit& unit) {
  Parts parts;
  h264::AnnexBSplitter splitter;
  const auto sort = [&parts](const h264::NalUnit& nal) {
    Bytes* to = &parts.picture;
    switch (nal.type()) {
      case h264::NalType::sps:
        to = &parts.sps;
        break;
      case h264::NalType::pps:
        to = &parts.pps;
        break;
      case h264::NalType::access_unit_delimiter:
      case h264::NalType::filler:
        return;
      default:
        break;
    }
    to->insert(to->end(), nal.bytes.begin(), nal.bytes.end());
  };
  splitter.push(unit.bytes, sort);
  splitter.flush(sort);
  return parts;
}

std::int64_t ticks(const LiveAccessUnit& first, const LiveAccessUnit& unit) {
  return std::llround((unit.t_s - first.t_s) * kTimeBase.den);
}

/// Time stamps that rise, as those of a file must, though several pictures may have the same time.
std::vector<std::int64_t> rising_ticks(const Footage& footage) {
  std::vector<std::int64_t> times;
  for (const LiveAccessUnitPtr& unit : footage.units) {
    const std::int64_t taken = ticks(*footage.units.front(), *unit);
    times.push_back(times.empty() ? 0 : std::max(taken, times.back() + 1));
  }
  return times;
}

struct FreeParser {
  void operator()(AVCodecParserContext* p) const { av_parser_close(p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
};

bool has_b_slice(const Footage& footage) {
  bool found = false;
  h264::AnnexBSplitter splitter;
  const auto look = [&found](const h264::NalUnit& nal) {
    found = found || (h264::is_slice(nal.type()) && h264::slice_type(nal.body()) == kB);
  };
  for (const LiveAccessUnitPtr& unit : footage.units) {
    splitter.push(unit->bytes, look);
    splitter.flush(look);
    if (found) break;
  }
  return found;
}

/// Each picture's place in the order of display: as they came, unless the stream has B-pictures.
std::vector<std::size_t> display_places(const Footage& footage) {
  std::vector<std::size_t> order(footage.units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!has_b_slice(footage)) return order;
  const std::unique_ptr<AVCodecParserContext, FreeParser> parser(av_parser_init(AV_CODEC_ID_H264));
  const std::unique_ptr<AVCodecContext, FreeParser> codec(avcodec_alloc_context3(nullptr));
  if (!parser || !codec) throw std::bad_alloc();
  parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  std::vector<std::pair<int, int>> keys;  // IDR pictures so far, picture order count since
  int groups = 0;
  for (const LiveAccessUnitPtr& unit : footage.units) {
    Bytes padded = unit->bytes;
    padded.resize(padded.size() + AV_INPUT_BUFFER_PADDING_SIZE);
    std::uint8_t* out = nullptr;
    int out_size = 0;
    av_parser_parse2(parser.get(), codec.get(), &out, &out_size, padded.data(),
                     static_cast<int>(unit->bytes.size()), AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
    groups += unit->idr;
    keys.emplace_back(groups, parser->output_picture_number);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&keys](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::vector<std::size_t> places(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) places[order[i]] = i;
  return places;
}

}  // namespace

void keep_one_format(Footage& footage, double important_s) {
  Bytes format;
  std::size_t begin = 0;
  std::size_t end = footage.units.size();
  for (std::size_t i = 0; i < footage.units.size(); ++i) {
    const LiveAccessUnit& unit = *footage.units[i];
    if (!unit.idr) continue;
    Parts parts = parts_of(unit);
    if (parts.sps.empty() || parts.pps.empty()) continue;
    parts.sps.insert(parts.sps.end(), parts.pps.begin(), parts.pps.end());
    if (format.empty()) format = parts.sps;
    if (parts.sps == format) continue;
    if (unit.t_s > important_s) {
      end = i;
      break;
    }
    format = std::move(parts.sps);
    begin = i;
  }
  const auto at = [&](std::size_t i) {
    return footage.units.begin() + static_cast<std::ptrdiff_t>(i);
  };
  footage.units.erase(at(end), footage.units.end());
  footage.units.erase(footage.units.begin(), at(begin));
  if (footage.units.empty()) return;
  std::erase_if(footage.analyses, [&](const AnalysisPtr& analysis) {
    return analysis->seq < footage.units.front()->seq || analysis->seq > footage.units.back()->seq;
  });
}

ClipFacts write_clip(const std::filesystem::path& file, const Footage& footage) {
  if (footage.units.empty()) throw std::runtime_error("a clip without pictures");
  Parts head = parts_of(*footage.units.front());
  std::optional<h264::Sps> sps;
  h264::AnnexBSplitter splitter;
  const auto read_sps = [&sps](const h264::NalUnit& nal) { sps = h264::parse_sps(nal.body()); };
  splitter.push(head.sps, read_sps);
  splitter.flush(read_sps);
  if (!sps || head.pps.empty())
    throw std::runtime_error("the stream's pictures come without parameter sets");

  AVFormatContext* opened = nullptr;
  check(avformat_alloc_output_context2(&opened, nullptr, "mp4", nullptr), file);
  const std::unique_ptr<AVFormatContext, CloseOutput> output(opened);
  AVStream* stream = avformat_new_stream(opened, nullptr);
  if (!stream) throw std::bad_alloc();
  stream->time_base = kTimeBase;
  AVCodecParameters& codec = *stream->codecpar;
  codec.codec_type = AVMEDIA_TYPE_VIDEO;
  codec.codec_id = AV_CODEC_ID_H264;
  codec.profile = sps->profile_idc;
  codec.level = sps->level_idc;
  codec.width = sps->width_px;
  codec.height = sps->height_px;
  head.sps.insert(head.sps.end(), head.pps.begin(), head.pps.end());
  codec.extradata =
      static_cast<std::uint8_t*>(av_mallocz(head.sps.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!codec.extradata) throw std::bad_alloc();
  std::memcpy(codec.extradata, head.sps.data(), head.sps.size());
  codec.extradata_size = static_cast<int>(head.sps.size());
  const std::string url = "file:" + file.string();
  opened->url = av_strdup(url.c_str());
  check(avio_open(&opened->pb, url.c_str(), AVIO_FLAG_WRITE), file);
  // The index goes in front, so that a browser can play while it loads.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart", 0);
  const int header = avformat_write_header(opened, &options);
  av_dict_free(&options);
  check(header, file);

  // The n-th picture shown gets the n-th time of arrival. Decoding must not come after showing.
  const std::vector<std::int64_t> times = rising_ticks(footage);
  const std::vector<std::size_t> places = display_places(footage);
  std::int64_t ahead = 0;
  for (std::size_t i = 0; i < times.size(); ++i)
    ahead = std::max(ahead, times[i] - times[places[i]]);
  const std::unique_ptr<AVPacket, FreePacket> packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  ClipFacts facts{.width_px = sps->width_px, .height_px = sps->height_px, .times_s = {}};
  for (std::size_t i = 0; i < footage.units.size(); ++i) {
    const Parts parts = parts_of(*footage.units[i]);
    if (parts.picture.empty()) throw std::runtime_error("a picture without a slice");
    check(av_new_packet(packet.get(), static_cast<int>(parts.picture.size())), file);
    std::memcpy(packet->data, parts.picture.data(), parts.picture.size());
    packet->pts = times[places[i]];
    packet->dts = times[i] - ahead;
    packet->duration = i + 1 < times.size() ? times[i + 1] - times[i]
                       : i > 0              ? times[i] - times[i - 1]
                                            : kOnePicture;
    packet->flags = footage.units[i]->idr ? AV_PKT_FLAG_KEY : 0;
    av_packet_rescale_ts(packet.get(), kTimeBase, stream->time_base);
    facts.times_s.push_back(static_cast<double>(times[i]) / kTimeBase.den);
    check(av_write_frame(opened, packet.get()), file);
    av_packet_unref(packet.get());
  }
  check(av_write_trailer(opened), file);
  avio_flush(opened->pb);
  check(opened->pb->error, file);
  return facts;
}

std::string sidecar_json(std::uint64_t alert, const std::string& camera, const Footage& footage,
                         const ClipFacts& facts) {
  nlohmann::ordered_json frames = nlohmann::ordered_json::array();
  std::size_t unit = 0;
  for (const AnalysisPtr& analysis : footage.analyses) {
    while (unit < footage.units.size() && footage.units[unit]->seq < analysis->seq) ++unit;
    if (unit == footage.units.size()) break;
    if (footage.units[unit]->seq != analysis->seq) continue;
    nlohmann::ordered_json tracks = nlohmann::ordered_json::array();
    for (const Track& track : analysis->tracks) tracks.push_back(to_json(track));
    frames.push_back({{"t_s", std::round(facts.times_s[unit] * 1e6) / 1e6},
                      {"tracks", std::move(tracks)},
                      {"state", name(analysis->state)},
                      {"road", name(analysis->road)},
                      {"text", analysis->text}});
  }
  const nlohmann::ordered_json sidecar = {
      {"alert", alert},
      {"camera", camera},
      {"width", facts.width_px},
      {"height", facts.height_px},
      {"t0_s", std::round(footage.units.front()->t_s * 1e3) / 1e3},
      {"frames", std::move(frames)}};
  return sidecar.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace rearview
