#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "camera/libav.h"

namespace rearview::camera {

/// How a live input is opened and watched.
struct LiveInput {
  std::string format;                           ///< of libavformat; empty: found out
  std::map<std::string, std::string> settings;  ///< libavformat's
  double open_timeout_s = 10;
  double silence_timeout_s = 1.8;  ///< without data for so long it counts as frozen
  std::stop_token stop;            ///< breaks off whatever waits
};

/// The video stream of a file or a live input, opened through libavformat. One thread.
class MediaInput {
 public:
  /// Throws std::runtime_error with libav's words when it can't be opened or holds no video.
  explicit MediaInput(const std::string& url);
  MediaInput(const std::string& url, const LiveInput& live);

  /// The next packet of the video stream; nullptr at the end. The packet holds until the next call.
  /// Throws std::runtime_error when reading fails, and when a live input ends or freezes.
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
  static int must_break_off(void* self);

  std::string url_;
  std::optional<LiveInput> live_;
  SteadyTime deadline_;
  AvInput input_;
  AVStream* stream_ = nullptr;
  AvPacket packet_ = make_av_packet();
};

}  // namespace rearview::camera
