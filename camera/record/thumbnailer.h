#pragma once

#include <condition_variable>
#include <filesystem>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/worker.h"
#include "camera/record/recordings.h"

namespace rearview::camera {

/// Makes a thumbnail of each finished chunk from its first picture, one after the other, in a
/// thread of the lowest priority.
class Thumbnailer {
 public:
  /// recordings has to live longer. Begins with the chunks that have none yet. failure: told, on
  /// its thread, of what escaped it; it goes on.
  Thumbnailer(Recordings& recordings, Worker::Failure failure);

  /// A chunk was finished. Any thread.
  void wake();

 private:
  void run(std::stop_token stop);
  void make_missing(const std::stop_token& stop);

  Recordings& recordings_;
  std::set<std::string> failed_;  // names; not tried again
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ GUARDED_BY(mutex_) = true;
  Worker worker_;
};

/// Writes a JPEG of the video's first picture, 320 pixels wide. Throws std::runtime_error.
void make_thumbnail(const std::filesystem::path& video, const std::filesystem::path& jpeg);

}  // namespace rearview::camera
