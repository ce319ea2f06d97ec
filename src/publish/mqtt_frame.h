#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "publish/mqtt_message.h"

namespace rearview {

/// What the service and its MQTT process say to each other. Both are the same program on the same
/// machine, so numbers travel as they lie in memory.
struct MqttFrame {
  enum class Kind : std::uint8_t {
    // To the process.
    begin,       ///< message.payload: the settings, as JSON; once, and first
    connect,     ///< begin a connection
    publish,     ///< message, known by number
    disconnect,  ///< say goodbye to the broker, and end
    awake,       ///< the service lives; once a second
    // From the process.
    ready,      ///< the settings can be used
    unusable,   ///< they can't; message.payload: why
    connected,  ///< flag: the broker went on with the session of the connection before
    closed,     ///< message.payload: why
    answered,   ///< to the message of that number; flag: the broker took it. Quality 0: it is
                ///< written
    unsent,     ///< the message of that number was not even begun
    alive,      ///< the process lives; once a second
    last_kind = alive
  };
  Kind kind = Kind::awake;
  bool flag = false;
  std::int32_t number = 0;
  MqttMessage message;
};

std::string encode(const MqttFrame& frame);

/// Frames out of a stream of bytes. Trusts none: what is no frame ends the stream. One thread.
class MqttFrameReader {
 public:
  /// most_bytes: of one frame.
  explicit MqttFrameReader(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void append(std::string_view bytes) { bytes_.append(bytes); }
  /// The next whole frame. Throws std::runtime_error when what came can't be one.
  std::optional<MqttFrame> next();

 private:
  const std::size_t most_bytes_;
  std::string bytes_;
};

}  // namespace rearview
