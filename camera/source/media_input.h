#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "camera/libav.h"

namespace rearview::camera {

/// The video stream of a file, opened through libavformat. One thread.
class MediaInput {
 public:
  /// Throws std::runtime_error with libav's words when it can't be opened or holds no video.
  explicit MediaInput(const std::string& path);

  /// The next packet of the video stream; nullptr at the end. The packet holds until the next call.
  /// Throws std::runtime_error when reading fails.
  const AVPacket* read();
  /// Back to the beginning.
  void rewind();

  const AVStream& stream() const { return *stream_; }
  /// A bare H.264 byte stream, which carries no time of its own.
  bool raw_h264() const;
  /// Average pictures a second, 0 when the container doesn't say.
  double fps() const;

 private:
  void open();

  std::string path_;
  AvInput input_;
  AVStream* stream_ = nullptr;
  AvPacket packet_ = make_av_packet();
};

}  // namespace rearview::camera
