#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <new>
#include <string>

namespace rearview::libav {

template <auto free>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    free(&p);
  }
};

using FramePointer = std::unique_ptr<AVFrame, Deleter<av_frame_free>>;
using PacketPointer = std::unique_ptr<AVPacket, Deleter<av_packet_free>>;
using CodecPointer = std::unique_ptr<AVCodecContext, Deleter<avcodec_free_context>>;
using FormatPointer = std::unique_ptr<AVFormatContext, Deleter<avformat_close_input>>;
using FilterPointer = std::unique_ptr<AVBSFContext, Deleter<av_bsf_free>>;

struct ScalerDeleter {
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
using ScalerPointer = std::unique_ptr<SwsContext, ScalerDeleter>;

template <typename Pointer>
Pointer checked(typename Pointer::element_type* p) {
  if (p == nullptr) throw std::bad_alloc();
  return Pointer(p);
}

inline FramePointer new_frame() {
  return checked<FramePointer>(av_frame_alloc());
}
inline PacketPointer new_packet() {
  return checked<PacketPointer>(av_packet_alloc());
}

/// A picture of two fields.
inline bool interlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)  // FFmpeg 6.1
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

inline std::string error_text(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

}  // namespace rearview::libav
