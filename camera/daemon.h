#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/termination.h"
#include "base/worker.h"
#include "camera/board/power_watch.h"
#include "camera/camera_config.h"
#include "camera/device/device_api.h"
#include "camera/faults/fault_player.h"
#include "camera/progress.h"
#include "camera/record/thumbnailer.h"
#include "camera/stream/stream_server.h"
#include "http/io_loop.h"

namespace rearview::camera {

/// The running camera: one thread takes pictures from the source and hands each to the stream and
/// the recorder. Ends with its destructor, the producer first.
class Daemon {
 public:
  /// termination: told when the source fails for good or the board asks for the end; has to live
  /// longer. Throws UsageError when an address can't be used.
  Daemon(const CameraConfig& config, CodedSource& source, Termination& termination);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Takes over what can be while it runs: log level, the simulated board and all of recording but
  /// the folder. Logs each other part that has changed. One thread.
  void reload(const CameraConfig& now);

 private:
  void produce(std::stop_token stop);
  void tick();
  void watch_power();
  void feed_watchdog() const;

  CameraConfig config_;
  CodedSource& source_;
  Termination& termination_;
  std::unique_ptr<Board> board_;
  PowerWatch power_;
  std::optional<SteadyTime> shutdown_at_;
  Mode mode_;
  StatusLed led_;
  Progress progress_;
  std::atomic<std::uint64_t> thread_faults_ = 0;  ///< what escaped threads that go on
  StreamServer stream_;
  std::optional<FaultPlayer> faults_;
  std::optional<Recordings> recordings_;
  std::optional<Thumbnailer> thumbnailer_;
  std::optional<Recorder> recorder_;
  http::IoLoop loop_;
  std::unique_ptr<DeviceApi> device_;
  std::unique_ptr<Announcer> announcer_;
  std::unique_ptr<http::IoLoop::Timer> mode_timer_;
  std::unique_ptr<http::IoLoop::Timer> led_timer_;
  Worker producer_;
};

}  // namespace rearview::camera
