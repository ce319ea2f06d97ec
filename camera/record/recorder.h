#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/worker.h"
#include "camera/coded_picture.h"
#include "camera/record/mkv_writer.h"
#include "camera/record/record_config.h"
#include "camera/record/recordings.h"

namespace rearview::camera {

/// Writes the coded pictures into Matroska chunks that are cut at IDRs, and keeps the folder within
/// its limits. A slow, full, read-only or missing disk never holds up who publishes: recording
/// resumes at an IDR when the disk is there again.
class Recorder {
 public:
  /// recordings has to live longer. failure: told, on the recorder's thread, of what escaped it; it
  /// goes on. A disk that doesn't work is none. chunk_done: called from that thread after a chunk
  /// was closed.
  Recorder(const RecordConfig& config, Recordings& recordings, Worker::Failure failure,
           std::function<void()> chunk_done = {});
  /// Writes what waits and closes the chunk.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Never waits. Any thread, one at a time.
  void publish(CodedPicturePtr picture);
  /// Stops recording after what was published so far, or goes on with it. Any thread.
  void set_active(bool active);

  /// Takes over all settings but the folder, from the next picture on. Any thread.
  void reconfigure(const RecordConfig& config);

  struct Status {
    bool active = false;         ///< asked to record
    bool recording = false;      ///< a chunk is open
    std::string problem;         ///< why not, though active; empty when all is well
    std::string chunk;           ///< name of the open one
    std::uint64_t pictures = 0;  ///< written
    std::uint64_t lost = 0;      ///< not written because of the disk
    std::uint64_t chunks = 0;    ///< begun
    std::uint64_t failures = 0;  ///< times that writing broke off
    std::uint64_t removed = 0;   ///< chunks deleted for the limits
  };
  Status status() const;

 private:
  void run(std::stop_token stop);
  void handle(const CodedPicturePtr& picture);
  void begin_chunk(const CodedPicture& picture, std::vector<std::uint8_t> parameter_sets);
  void end_chunk();
  void fail(const std::string& why);
  void enforce_limits();
  bool over_limits() const;
  bool make_room();

  RecordConfig config_;  // the recorder's thread only
  Recordings& recordings_;
  std::function<void()> chunk_done_;

  // The recorder's thread only.
  std::unique_ptr<MkvWriter> writer_;
  std::vector<std::uint8_t> parameter_sets_;
  SteadyTime chunk_started_;
  SteadyTime next_sync_;
  SteadyTime next_limits_;
  SteadyTime next_look_;
  SteadyTime next_try_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<CodedPicturePtr> waiting_ GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  // The queue was full: nothing more until the next IDR.
  bool overrun_ GUARDED_BY(mutex_) = false;
  std::optional<RecordConfig> new_config_ GUARDED_BY(mutex_);
  // Switched on again: nothing until the next IDR.
  bool resumed_ GUARDED_BY(mutex_) = false;
  Status status_ GUARDED_BY(mutex_);
  std::optional<SteadyTime> busy_since_ GUARDED_BY(mutex_);  // with the disk

  Worker worker_;
};

}  // namespace rearview::camera
