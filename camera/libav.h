#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

namespace rearview::camera {

/// Owners of libav's objects.
struct AvDelete {
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVBSFContext* p) const { av_bsf_free(&p); }
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
using AvFrame = std::unique_ptr<AVFrame, AvDelete>;
using AvPacket = std::unique_ptr<AVPacket, AvDelete>;
using AvCodec = std::unique_ptr<AVCodecContext, AvDelete>;
using AvBitstreamFilter = std::unique_ptr<AVBSFContext, AvDelete>;
using AvInput = std::unique_ptr<AVFormatContext, AvDelete>;
using AvScaler = std::unique_ptr<SwsContext, AvDelete>;

/// These throw std::bad_alloc, as new does.
AvFrame make_av_frame();
AvPacket make_av_packet();

/// What libav says of an error code, in words.
std::string av_error(int code);

/// Sends libav's own messages to the log: errors as debug lines, the rest nowhere; what matters to
/// the user is said by whoever made the call. Once, before other threads start.
void prepare_libav();

/// Makes libavdevice's inputs known: v4l2. It is loaded only where it is asked for, because it
/// brings half a desktop with it. Thread-safe. Throws std::runtime_error where it isn't installed.
void load_libavdevice();

}  // namespace rearview::camera
