#pragma once

#include <filesystem>
#include <vector>

#include "base/mutex.h"
#include "camera/record/recordings.h"

namespace rearview::camera {

/// Chunks as MP4 files, made on demand on disk and kept for the requests that follow (a player asks
/// for a file in many ranges). Only the newest few are kept. Any thread; may take seconds.
class Mp4Cache {
 public:
  /// folder: made where it is missing; what lies in it is deleted now and in the end.
  explicit Mp4Cache(std::filesystem::path folder);
  ~Mp4Cache();
  Mp4Cache(const Mp4Cache&) = delete;
  Mp4Cache& operator=(const Mp4Cache&) = delete;

  /// The chunk's video in MP4, not encoded again. Throws std::runtime_error when it can't be read
  /// or there is no room.
  std::filesystem::path get(const Recordings::Chunk& chunk);

 private:
  std::filesystem::path folder_;
  Mutex mutex_;
  std::vector<std::filesystem::path> kept_ GUARDED_BY(mutex_);  // the one asked for last at the end
};

/// Copies the video of one file into an MP4 that can be played while it loads. Throws
/// std::runtime_error.
void remux_to_mp4(const std::filesystem::path& video, const std::filesystem::path& mp4);

}  // namespace rearview::camera
