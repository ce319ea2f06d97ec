#pragma once

#include <string>

#include "base/config_reader.h"

namespace rearview {

/// Where pictures come from and how long to wait for them. Keys in JSON: the members' names.
struct ReceiverConfig {
  /// tcp://HOST:PORT (raw H.264 Annex-B, the camera's own stream), the path of a recording (played
  /// in real time and looped), or any URL that libavformat opens (rtsp://, http://…).
  std::string url = "tcp://velovision-rearview.local:5000";
  int connect_timeout_ms = 3000;  ///< looking up the name and connecting
  int read_timeout_ms = 2000;     ///< connected, but not a byte
  /// Bytes, but no picture that can be decoded; must be longer than the camera's time from one IDR
  /// to the next.
  int picture_timeout_ms = 30'000;
  int backoff_min_ms = 100;  ///< from a lost connection to the next attempt; doubles up to the most
  int backoff_max_ms = 1000;
  /// How long a silence ends a picture of a camera that sends no delimiter behind it; 0: never.
  double quiet_flush_ms = 1.0;
  int decoder_threads = 1;
  /// Of a raw .h264 recording, which carries no times; 0: as its SPS says, else 30.
  double file_fps = 0;

  /// Reads its keys from the reader's object. Throws UsageError.
  void read(ConfigReader& reader);
  /// Throws UsageError when the URL can't be one; source names where it came from.
  void check(const std::string& source) const;

  bool operator==(const ReceiverConfig&) const = default;
};

}  // namespace rearview
