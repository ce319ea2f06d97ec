#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "camera/source/media_input.h"
#include "camera/wire_format.h"

namespace rearview::camera {

/// Reads the H.264 video of a file picture by picture in the form of CodedPicture::bytes. One
/// thread.
class CodedFile {
 public:
  /// raw_fps: for a raw .h264 file whose SPS has no timing. Throws std::runtime_error when the file
  /// can't be opened or its video isn't H.264.
  CodedFile(const std::string& path, double raw_fps);
  CodedFile(std::unique_ptr<MediaInput> input, double raw_fps);

  struct Unit {
    WireFormat::Result coded;
    double step_s = 0;  ///< time since the picture before it
  };
  /// nullopt at the end of a file.
  std::optional<Unit> read();
  void rewind();

  const AVCodecParameters& parameters() const { return *input_->stream().codecpar; }
  double fps() const { return fps_; }

 private:
  double step_to(std::int64_t pts);

  std::unique_ptr<MediaInput> input_;
  double fps_;
  AvBitstreamFilter to_annexb_;
  AvPacket packet_ = make_av_packet();
  WireFormat wire_{WireFormat::Sei::keep};
  std::optional<std::int64_t> last_pts_;
};

/// Pictures a second of a file: its container's, for a raw .h264 its SPS's, or else raw_fps.
double file_fps(const MediaInput& input, double raw_fps);

/// Why the file at path can't be passed through as it is, in words; nullopt when it can. Reads its
/// first 64 MiB.
std::optional<std::string> why_not_passed_through(const std::string& path, double raw_fps,
                                                  double max_gop_s);

}  // namespace rearview::camera
