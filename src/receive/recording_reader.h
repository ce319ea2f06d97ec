#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "h264/access_unit.h"
#include "receive/decoder.h"
#include "types/frame.h"

namespace rearview {

/// Reads a recording picture by picture: a raw H.264 file by our own splitter, anything else that
/// libavformat opens (.mkv, .mp4, http://…) by that. Broken pictures and what refers to them are
/// left out and counted. One thread.
class RecordingReader {
 public:
  static constexpr double kUsualFps = 30;
  /// A hole in the time stamps above this is a jump, not a picture that was held for so long.
  static constexpr double kLongestHole_s = 10;

  /// Takes an access unit of H.264, as Annex-B with parameter sets in its IDR pictures, in the
  /// order of decoding. seq: of the frame whose place in the order of display it has.
  using OnAccessUnit = std::function<void(h264::AccessUnit unit, std::uint64_t seq)>;

  /// fps: of a raw H.264 file, which carries no times (nullopt: as its SPS says, else
  /// kUsualFps); threads: of the decoder; stop: ends waiting
  /// for the network; on_access_unit: called inside next(), may be empty. Throws UsageError when
  /// the input can't be opened or holds no video.
  RecordingReader(const std::string& input, std::optional<double> fps, int threads,
                  std::stop_token stop = {}, OnAccessUnit on_access_unit = {});
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  /// The next picture, in the order of display and upright; nullptr at the end. Frame::t_s is media
  /// time from the first picture of the recording on; Frame::epoch begins at 1 and rises where that
  /// jumps by more than kLongestHole_s, which is logged; Frame::seq has gaps where pictures were
  /// lost. Throws std::runtime_error when the input can't be read any further.
  FramePtr next();

  /// How it is coded, as libavcodec calls it: h264, hevc, mjpeg…
  std::string codec() const;
  /// Pictures per second: of the container; of a raw file as given or as its SPS says, known from
  /// the first picture on.
  double fps() const;
  /// nullopt when the container doesn't say.
  std::optional<double> duration_s() const;
  /// When it was begun; nullopt when the container doesn't say.
  std::optional<WallTime> created() const;
  /// Access units read so far, and what became of them.
  std::uint64_t access_units() const;
  const DecoderCounts& counts() const;
  /// Why no picture has come out so far, where that can be told: a sentence, or nothing.
  std::string why_no_picture() const;
  /// Pictures are turned to be upright, so the access units show something else.
  bool is_turned() const;

 private:
  class Source;
  class RawSource;
  class LibavSource;

  std::unique_ptr<Source> source_;
  std::string input_;  ///< as it may be printed
  WallTime start_;     ///< of Frame::time
  std::uint32_t epoch_ = 1;
  std::optional<double> newest_t_s_;
};

}  // namespace rearview
