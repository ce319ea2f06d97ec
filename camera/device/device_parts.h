#pragma once

#include <atomic>
#include <cstdint>

#include "camera/board/board.h"
#include "camera/device/status_led.h"
#include "camera/mode.h"
#include "camera/progress.h"
#include "camera/record/recorder.h"
#include "camera/record/recordings.h"
#include "camera/source/source.h"
#include "camera/stream/stream_server.h"

namespace rearview::camera {

/// What the device's HTTP interface tells of and acts on. All live longer than it.
struct DeviceParts {
  const CodedSource& source;
  const Progress& progress;
  const StreamServer& stream;
  Mode& mode;
  Board& board;
  StatusLed& led;
  Recordings* recordings;                    ///< nullptr: nothing is recorded
  Recorder* recorder;                        ///< as recordings
  const std::atomic<std::uint64_t>& faults;  ///< threads that failed and began again
};

}  // namespace rearview::camera
