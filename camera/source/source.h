#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "camera/coded_picture.h"
#include "camera/libav.h"

namespace rearview::camera {

/// How fast a source delivers.
enum class Pace {
  real_time,  ///< each picture when it is due
  fastest,    ///< as fast as it can be made; stamps are those of real time
};

/// What a source is, for logs and the status.
struct SourceInfo {
  std::string name;   ///< as the user wrote it
  std::string codec;  ///< who encodes: "libx264", "h264_v4l2m2m", "passed through"
  int width_px = 0;
  int height_px = 0;
  double fps = 0;
};

/// Coded pictures, one after the other. next() from one thread, the rest from any.
class CodedSource {
 public:
  virtual ~CodedSource() = default;
  /// Waits for the next picture; nullopt when stop is asked for. Throws std::runtime_error when
  /// the source fails.
  virtual std::optional<CodedPicture> next(std::stop_token stop) = 0;
  /// Asks for an IDR soon; false where the source doesn't encode and none will come for it.
  virtual bool request_idr() noexcept { return false; }
  virtual SourceInfo info() const = 0;
  /// Pictures left out because the machine was too slow.
  virtual std::uint64_t dropped() const noexcept { return 0; }
  /// How many pictures so far differed from the one before, as far as that can be seen; nullopt
  /// where nobody looks. From the thread of next().
  virtual std::optional<std::uint64_t> changes() const noexcept { return std::nullopt; }
  /// Why no pictures come at present; nullopt when they do.
  virtual std::optional<std::string> problem() const { return std::nullopt; }
};

/// A picture before encoding: pixels of any format libswscale knows.
struct Picture {
  AvFrame frame;
  SteadyTime captured;
};

/// Pictures that still have to be encoded. One thread; dropped() from any.
class PictureSource {
 public:
  virtual ~PictureSource() = default;
  /// As CodedSource::next().
  virtual std::optional<Picture> next(std::stop_token stop) = 0;
  /// Pictures a second, as far as known.
  virtual double fps() const = 0;
  virtual std::uint64_t dropped() const noexcept = 0;
  /// As CodedSource::changes().
  virtual std::optional<std::uint64_t> changes() const noexcept { return std::nullopt; }
};

}  // namespace rearview::camera
