#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "h264/access_unit.h"
#include "receive/input_file.h"
#include "receive/orientation.h"

struct AVCodecParameters;

namespace rearview {

/// The video packets of whatever libavformat opens; H.264 as Annex-B. What comes over a network can
/// name neither files nor protocols that cameras don't speak. One thread.
class LibavInput {
 public:
  struct Options {
    std::stop_token stop;     ///< ends any wait within milliseconds
    bool live = false;        ///< start quickly, buffer nothing
    int open_timeout_ms = 0;  ///< 0: none
    int read_timeout_ms = 0;  ///< for one packet; 0: none
  };
  struct Packet {
    std::span<const std::uint8_t> bytes;  ///< until the next read
    std::optional<double> pts_s;
    bool keyframe = false;
  };
  enum class Status { packet, end, failed };

  /// Throws std::runtime_error with the reason when it can't be opened or holds no video.
  LibavInput(const std::string& url, const Options& options);
  /// The same from a file or pipe that has been opened.
  LibavInput(InputFile file, const Options& options);
  ~LibavInput();
  LibavInput(const LibavInput&) = delete;
  LibavInput& operator=(const LibavInput&) = delete;

  Status read(Packet& packet);
  /// Why read() failed.
  const std::string& error() const;
  /// For the decoder.
  const AVCodecParameters& parameters() const;
  bool is_h264() const;
  /// As libavcodec calls it: h264, hevc, mjpeg…
  std::string codec() const;
  /// An H.264 packet as what it is, with the container's parameter sets where it has none itself.
  h264::AccessUnit access_unit(const Packet& packet) const;
  /// As the container says or libavformat measured.
  std::optional<double> fps() const;
  std::optional<double> duration_s() const;
  /// When it was begun, as the container says.
  std::optional<WallTime> created() const;
  /// What makes its pictures upright, by the container's display matrix or the tag "rotate".
  Orientation orientation() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
