#include "camera/record/mp4_cache.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>

#include "camera/libav.h"
#include "camera/source/media_input.h"

namespace rearview::camera {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostKept = 3;

struct CloseOutput {
  void operator()(AVFormatContext* p) const {
    if (p->pb) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};

void check(int result) {
  if (result < 0) throw std::runtime_error(av_error(result));
}

}  // namespace

void remux_to_mp4(const fs::path& video, const fs::path& mp4) {
  MediaInput input("file:" + video.string());
  AVFormatContext* opened = nullptr;
  check(avformat_alloc_output_context2(&opened, nullptr, "mp4", nullptr));
  const std::unique_ptr<AVFormatContext, CloseOutput> output(opened);
  AVStream* stream = avformat_new_stream(opened, nullptr);
  if (!stream) throw std::bad_alloc();
  check(avcodec_parameters_copy(stream->codecpar, input.stream().codecpar));
  stream->codecpar->codec_tag = 0;
  stream->time_base = input.stream().time_base;
  const std::string url = "file:" + mp4.string();
  opened->url = av_strdup(url.c_str());
  check(avio_open(&opened->pb, url.c_str(), AVIO_FLAG_WRITE));

  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart", 0);
  const int result = avformat_write_header(opened, &options);
  av_dict_free(&options);
  check(result);
  const AvPacket packet = make_av_packet();
  while (const AVPacket* read = input.read()) {
    check(av_packet_ref(packet.get(), read));
    packet->stream_index = 0;
    packet->pos = -1;
    if (packet->dts == AV_NOPTS_VALUE) packet->dts = packet->pts;  // there are no B-frames
    av_packet_rescale_ts(packet.get(), input.stream().time_base, stream->time_base);
    check(av_interleaved_write_frame(opened, packet.get()));
  }
  check(av_write_trailer(opened));
  avio_flush(opened->pb);
  check(opened->pb->error);
}

Mp4Cache::Mp4Cache(fs::path folder) : folder_(std::move(folder)) {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Mp4Cache::~Mp4Cache() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path Mp4Cache::get(const Recordings::Chunk& chunk) {
  const MutexLock lock(mutex_);
  const fs::path mp4 = folder_ / fmt::format("{}_{}_{}.mp4", chunk.path.stem().string(),
                                             chunk.updated_unix_s, chunk.size_bytes);
  std::erase(kept_, mp4);
  if (fs::exists(mp4)) {
    kept_.push_back(mp4);
    return mp4;
  }
  // Room first. Whoever still reads the one that goes has its descriptor.
  std::error_code error;
  while (kept_.size() >= kMostKept) {
    fs::remove(kept_.front(), error);
    kept_.erase(kept_.begin());
  }
  fs::create_directories(folder_, error);
  const fs::path beside = mp4.string() + ".tmp";
  try {
    remux_to_mp4(chunk.path, beside);
    fs::rename(beside, mp4);
  } catch (const std::exception&) {
    fs::remove(beside, error);
    throw;
  }
  kept_.push_back(mp4);
  return mp4;
}

}  // namespace rearview::camera
