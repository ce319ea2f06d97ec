#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "receive/decoder.h"
#include "types/frame.h"

namespace rearview {

/// Reads a recording picture by picture: a raw H.264 file by our own splitter, anything else that
/// libavformat opens (.mkv, .mp4, http://…) by that. Broken pictures and what refers to them are
/// left out and counted. One thread.
class RecordingReader {
 public:
  /// fps: of a raw H.264 file, which carries no time; threads: of the decoder; stop: ends waiting
  /// for the network. Throws UsageError when the input can't be opened or holds no video.
  RecordingReader(const std::string& input, double fps, int threads, std::stop_token stop = {});
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  /// The next picture, in the order of display; nullptr at the end. Frame::t_s is media time from
  /// the first picture of the recording on, Frame::epoch 1, Frame::seq has gaps where pictures were
  /// lost. Throws std::runtime_error when the
  /// input can't be read any further.
  FramePtr next();

  /// Pictures per second: of the container, else as given.
  double fps() const;
  /// nullopt when the container doesn't say.
  std::optional<double> duration_s() const;
  /// Access units read so far, and what became of them.
  std::uint64_t access_units() const;
  const DecoderCounts& counts() const;

 private:
  class Source;
  class RawSource;
  class LibavSource;

  std::unique_ptr<Source> source_;
  WallTime start_;  ///< of Frame::time
};

}  // namespace rearview
