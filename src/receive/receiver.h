#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "receive/access_unit_stream.h"
#include "receive/receiver_config.h"
#include "types/frame.h"
#include "types/live_access_unit.h"

namespace rearview {

/// A change of the connection to the camera.
struct LinkEvent {
  enum class Kind {
    connecting,  ///< no connection; text: why the last attempt failed, empty at the first
    connected,   ///< bytes may arrive
    lost,        ///< it was connected; text: why it isn't any more
  };
  Kind kind = Kind::connecting;
  std::string text;
  std::uint32_t epoch = 0;  ///< of the newest connection, 0 before the first
};

/// All since the start.
struct ReceiverStats {
  std::uint64_t connections = 0;
  std::uint64_t failed_attempts = 0;
  std::uint64_t bytes = 0;
  std::uint64_t access_units = 0;
  std::uint64_t frames = 0;
  /// What was lost, by reason (a metric label): every access unit that gave no frame, and
  /// `oversized_nal_unit`, which took part of one.
  std::vector<std::pair<std::string, std::uint64_t>> drops;
  std::uint64_t discarded_bytes = 0;  ///< belonged to no NAL unit
  std::uint64_t cut_by_silence = 0;   ///< access units that a silence ended too early
};

/// A camera's stream, from the connection to decoded frames, and again whenever it is lost. A
/// camera that isn't there (yet) is no error: it is tried for ever, with growing pauses.
///
/// Frames come as soon as they are decoded; none is held back (B-frames excepted), none that is
/// known to be broken is shown: behind a loss everything is dropped, and counted, up to the next
/// IDR or recovery point. Frame::epoch counts connections, Frame::seq all access units.
class Receiver {
 public:
  using OnFrame = std::function<void(FramePtr)>;
  using OnEvent = std::function<void(const LinkEvent&)>;
  using OnAccessUnit = std::function<void(LiveAccessUnitPtr)>;

  /// The callbacks run in run()'s thread. on_access_unit may be empty, and gets H.264 only.
  /// first_epoch: of the connections that another receiver of the camera had before.
  Receiver(ReceiverConfig config, OnFrame on_frame, OnEvent on_event,
           OnAccessUnit on_access_unit = {}, std::uint32_t first_epoch = 0);
  ~Receiver();

  /// Works in the caller's thread until stop is asked for; ends within a tenth of a second then.
  /// What decoding or a callback throws ends the connection, is told as its end, and leaves; called
  /// again, it goes on with the next connection.
  void run(std::stop_token stop);
  /// Any thread.
  ReceiverStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
