#include "receive/picture_planes.h"

#include <array>
#include <opencv2/core.hpp>
#include <utility>

namespace rearview {
namespace {

bool is_full_range(const AVFrame& frame) {
  switch (frame.format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
      return true;
    default:
      return frame.color_range == AVCOL_RANGE_JPEG;
  }
}

/// What isn't made of luma and colour differences is converted to those of BT.601.
ColourMatrix matrix_of(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (format != nullptr && (format->flags & AV_PIX_FMT_FLAG_RGB) != 0) return ColourMatrix::bt601;
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_SMPTE240M:  // the same but for a thousandth
      return ColourMatrix::bt709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return ColourMatrix::bt2020;
    default:
      return ColourMatrix::bt601;
  }
}

Planes view(libav::FramePointer frame, bool full_range, ColourMatrix matrix) {
  const int width = frame->width;
  const int height = frame->height;
  const auto plane = [&](int index, int columns, int rows) {
    return cv::Mat(rows, columns, CV_8UC1, frame->data[index],
                   static_cast<std::size_t>(frame->linesize[index]));
  };
  Planes planes;
  planes.y = plane(0, width, height);
  planes.u = plane(1, (width + 1) / 2, (height + 1) / 2);
  planes.v = plane(2, (width + 1) / 2, (height + 1) / 2);
  planes.full_range = full_range;
  planes.matrix = matrix;
  planes.owner = std::shared_ptr<AVFrame>(std::move(frame));
  return planes;
}

cv::Mat turned(const cv::Mat& plane, const Orientation& how) {
  cv::Mat out;
  if (how.transpose)
    cv::transpose(plane, out);
  else
    plane.copyTo(out);
  if (how.mirror_x) cv::flip(out, out, 1);
  if (how.mirror_y) cv::flip(out, out, 0);
  return out;
}

/// The same in memory of its own.
Planes turned(const Planes& planes, const Orientation& how) {
  Planes out;
  auto owner = std::make_shared<std::array<cv::Mat, 3>>(
      std::array{turned(planes.y, how), turned(planes.u, how), turned(planes.v, how)});
  out.y = (*owner)[0];
  out.u = (*owner)[1];
  out.v = (*owner)[2];
  out.full_range = planes.full_range;
  out.matrix = planes.matrix;
  out.owner = std::move(owner);
  return out;
}

}  // namespace

std::optional<Planes> PlaneMaker::make(AVFrame& frame, const Orientation& orientation) {
  const bool full_range = is_full_range(frame);
  const ColourMatrix matrix = matrix_of(frame);
  libav::FramePointer kept;
  const bool right_format =
      frame.format == AV_PIX_FMT_YUV420P || frame.format == AV_PIX_FMT_YUVJ420P;
  if (right_format && frame.linesize[0] > 0 && frame.linesize[1] > 0 && frame.linesize[2] > 0) {
    kept = libav::new_frame();
    av_frame_move_ref(kept.get(), &frame);
  } else {
    kept = convert(frame, full_range);
    if (!kept) return std::nullopt;
  }
  Planes planes = view(std::move(kept), full_range, matrix);
  return orientation.upright() ? planes : turned(planes, orientation);
}

libav::FramePointer PlaneMaker::convert(const AVFrame& frame, bool full_range) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  scaler_.reset(sws_getCachedContext(scaler_.release(), frame.width, frame.height, format,
                                     frame.width, frame.height, AV_PIX_FMT_YUV420P, SWS_BILINEAR,
                                     nullptr, nullptr, nullptr));
  if (!scaler_) return nullptr;
  const int* coefficients = sws_getCoefficients(SWS_CS_ITU601);
  const int range = full_range ? 1 : 0;
  sws_setColorspaceDetails(scaler_.get(), coefficients, range, coefficients, range, 0, 1 << 16,
                           1 << 16);
  libav::FramePointer target = libav::new_frame();
  target->format = AV_PIX_FMT_YUV420P;
  target->width = frame.width;
  target->height = frame.height;
  if (av_frame_get_buffer(target.get(), 0) < 0) throw std::bad_alloc();
  if (sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, target->data,
                target->linesize) != frame.height)
    return nullptr;
  return target;
}

}  // namespace rearview
