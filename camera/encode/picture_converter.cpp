#include "camera/encode/picture_converter.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>
#include <stdexcept>

namespace rearview::camera {
namespace {

// JPEG formats ("yuvj…") are the plain ones with full range; libswscale warns at the old names.
AVPixelFormat plain_format(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    default:
      return format;
  }
}

int even(double value) {
  return std::max(2, 2 * static_cast<int>(std::lround(value / 2)));
}

void paint_black(AVFrame& frame) {
  for (int y = 0; y < frame.height; ++y)
    std::memset(frame.data[0] + y * frame.linesize[0], 16, static_cast<std::size_t>(frame.width));
  for (int plane : {1, 2}) {
    for (int y = 0; y < frame.height / 2; ++y)
      std::memset(frame.data[plane] + y * frame.linesize[plane], 128,
                  static_cast<std::size_t>(frame.width / 2));
  }
}

}  // namespace

PictureConverter::PictureConverter(int width_px, int height_px)
    : width_px_(width_px), height_px_(height_px) {}

PictureConverter::Rect PictureConverter::fit(const AVFrame& from) const {
  const double pixel_aspect =
      from.sample_aspect_ratio.num > 0 ? av_q2d(from.sample_aspect_ratio) : 1.0;
  const double wide = from.width * pixel_aspect;
  const double scale = std::min(width_px_ / wide, height_px_ / static_cast<double>(from.height));
  Rect rect{0, 0, std::min(width_px_, even(wide * scale)),
            std::min(height_px_, even(from.height * scale))};
  rect.x = (width_px_ - rect.width) / 4 * 2;
  rect.y = (height_px_ - rect.height) / 4 * 2;
  return rect;
}

AvFrame PictureConverter::convert(const AVFrame& from) {
  const auto given = static_cast<AVPixelFormat>(from.format);
  const AVPixelFormat format = plain_format(given);
  const AVPixFmtDescriptor* described = av_pix_fmt_desc_get(format);
  if (!described || !sws_isSupportedInput(format))
    throw std::runtime_error(
        fmt::format("pixel format {} can't be converted", described ? described->name : "unknown"));
  const Rect rect = fit(from);
  scaler_.reset(sws_getCachedContext(scaler_.release(), from.width, from.height, format, rect.width,
                                     rect.height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr,
                                     nullptr, nullptr));
  if (!scaler_) throw std::bad_alloc();
  const bool rgb = (described->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  const bool full_range = rgb || given != format || from.color_range == AVCOL_RANGE_JPEG;
  const int* from_matrix = sws_getCoefficients(
      from.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_ITU601 : static_cast<int>(from.colorspace));
  sws_setColorspaceDetails(scaler_.get(), from_matrix, full_range ? 1 : 0,
                           sws_getCoefficients(SWS_CS_ITU601), 0, 0, 1 << 16, 1 << 16);

  AvFrame to = make_av_frame();
  to->width = width_px_;
  to->height = height_px_;
  to->format = AV_PIX_FMT_YUV420P;
  if (av_frame_get_buffer(to.get(), 0) < 0) throw std::bad_alloc();
  if (rect.width != width_px_ || rect.height != height_px_) paint_black(*to);
  const std::array<std::uint8_t*, 4> planes{to->data[0] + rect.y * to->linesize[0] + rect.x,
                                            to->data[1] + rect.y / 2 * to->linesize[1] + rect.x / 2,
                                            to->data[2] + rect.y / 2 * to->linesize[2] + rect.x / 2,
                                            nullptr};
  sws_scale(scaler_.get(), from.data, from.linesize, 0, from.height, planes.data(), to->linesize);
  return to;
}

}  // namespace rearview::camera
