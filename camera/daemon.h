#pragma once

#include <memory>
#include <thread>

#include "base/termination.h"
#include "camera/camera_config.h"
#include "camera/stream/stream_server.h"

namespace rearview::camera {

/// The running camera: one thread takes pictures from the source and hands each to all that want
/// it. Ends with its destructor.
class Daemon {
 public:
  /// termination: told when the source fails for good; has to live longer. Throws UsageError when
  /// an address can't be used.
  Daemon(const CameraConfig& config, CodedSource& source, Termination& termination);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

 private:
  void produce(std::stop_token stop);

  CodedSource& source_;
  Termination& termination_;
  StreamServer stream_;
  std::jthread producer_;
};

}  // namespace rearview::camera
