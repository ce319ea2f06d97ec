#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core/mat.hpp>

namespace rearview {

/// Writes pictures to an MP4 file as H.264 that every browser plays. One thread.
class VideoWriter {
 public:
  /// Creates the file. size: even sides; an odd last row or column is cut. Throws
  /// std::runtime_error when the file can't be written or there is no H.264 encoder.
  VideoWriter(const std::filesystem::path& file, cv::Size size, double fps);
  /// Without finish() the file is left without its index.
  ~VideoWriter();

  /// bgr: CV_8UC3 of the constructor's size. t_s: media time, must rise; one that doesn't is
  /// skipped. Throws std::runtime_error, on a full disk for example.
  void write(const cv::Mat& bgr, double t_s);
  /// Writes what is held and the index. Throws std::runtime_error.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rearview
