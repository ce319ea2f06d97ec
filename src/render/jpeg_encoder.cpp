#include "render/jpeg_encoder.h"

#include <turbojpeg.h>

#include <stdexcept>

namespace rearview {

JpegEncoder::JpegEncoder(int quality)
    : quality_(quality), compressor_(tjInitCompress(), tjDestroy) {
  if (!compressor_) throw std::runtime_error(std::string("libjpeg-turbo: ") + tjGetErrorStr());
}

std::shared_ptr<const std::string> JpegEncoder::encode(const cv::Mat& bgr) {
  CV_Assert(bgr.type() == CV_8UC3 && !bgr.empty());
  unsigned long size = tjBufSize(bgr.cols, bgr.rows, TJSAMP_420);
  std::string buffer(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(buffer.data());
  if (tjCompress2(compressor_.get(), bgr.data, bgr.cols, static_cast<int>(bgr.step[0]), bgr.rows,
                  TJPF_BGR, &out, &size, TJSAMP_420, quality_,
                  TJFLAG_FASTDCT | TJFLAG_NOREALLOC) != 0)
    throw std::runtime_error(std::string("libjpeg-turbo: ") + tjGetErrorStr2(compressor_.get()));
  return std::make_shared<const std::string>(buffer.data(), size);
}

}  // namespace rearview
