#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "camera/libav.h"

namespace rearview::camera {

/// Writes one H.264 track into a Matroska file so that whatever happens to the program, all but
/// the newest cluster can be played: clusters are short and go to the system as they end.
/// One thread.
class MkvWriter {
 public:
  struct Video {
    int width_px = 0;
    int height_px = 0;
    std::vector<std::uint8_t> parameter_sets;  ///< SPS and PPS, Annex-B
  };
  /// Takes over descriptor, of an empty file open for reading and writing. started: the wall clock
  /// at time 0. make_room: asked for when the disk is full; true when it has freed some, and the
  /// write is tried again. Throws std::system_error, as all the rest here, or std::runtime_error
  /// where libav fails for another reason.
  MkvWriter(int descriptor, const Video& video, WallTime started, int cluster_ms,
            std::function<bool()> make_room = {});
  /// Closes the descriptor; without finish() the file ends with the last whole cluster.
  ~MkvWriter();
  MkvWriter(const MkvWriter&) = delete;
  MkvWriter& operator=(const MkvWriter&) = delete;

  /// picture: Annex-B. time_ms rises from picture to picture, at least by one; a smaller one is set
  /// right. Throws std::system_error.
  void write(std::span<const std::uint8_t> picture, std::int64_t time_ms, bool idr);
  /// Waits until the disk has what was written. Throws std::system_error.
  void sync();
  /// Writes index and length. Throws std::system_error.
  void finish();

  /// At least the first picture is with the system.
  bool holds_pictures() const { return whole_bytes_ > header_bytes_; }

 private:
  /// Byte: const since FFmpeg 7.
  template <typename Byte>
  static int on_write(void* self, Byte* data, int size);
  static std::int64_t on_seek(void* self, std::int64_t offset, int whence);
  void check(int result);
  void release() noexcept;

  int descriptor_;
  std::function<bool()> make_room_;
  int write_errno_ = 0;
  std::uint64_t size_bytes_ = 0;   // the file's
  std::uint64_t whole_bytes_ = 0;  // of it, up to the end of the last write that went well
  std::uint64_t header_bytes_ = 0;
  AVIOContext* io_ = nullptr;
  AVFormatContext* muxer_ = nullptr;
  AvPacket packet_ = make_av_packet();
  std::int64_t last_ms_ = -1;
};

}  // namespace rearview::camera
