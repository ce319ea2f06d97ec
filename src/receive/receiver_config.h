#pragma once

#include <array>
#include <string>

#include "base/setting.h"

namespace rearview {

/// Where pictures come from and how long to wait for them.
struct ReceiverConfig {
  std::string url = "tcp://velovision-rearview.local:5000";
  int connect_timeout_ms = 3000;
  int read_timeout_ms = 2000;
  int picture_timeout_ms = 30'000;
  int backoff_min_ms = 100;
  int backoff_max_ms = 1000;
  double quiet_flush_ms = 1.0;
  int decoder_threads = 1;
  double file_fps = 0;

  static constexpr auto settings() {
    using S = ReceiverConfig;
    return std::array{
        setting<&S::url>("url", {1, 1024},
                         "tcp://HOST:PORT (raw H.264 Annex B, as rearview-camera sends it), a "
                         "recording (played in real time and looped), or any URL libavformat "
                         "opens (rtsp://, http://)."),
        setting<&S::connect_timeout_ms>("connect_timeout_ms", {100, 60'000},
                                        "Looking up the name and connecting."),
        setting<&S::read_timeout_ms>("read_timeout_ms", {100, 60'000},
                                     "Connected, but not a byte."),
        setting<&S::picture_timeout_ms>(
            "picture_timeout_ms", {500, 600'000},
            "Bytes, but no picture; longer than the camera's time from IDR to IDR."),
        setting<&S::backoff_min_ms>("backoff_min_ms", {10, 60'000},
                                    "From a lost connection to the next attempt; doubles."),
        setting<&S::backoff_max_ms>("backoff_max_ms", {10, 600'000}, "The most it grows to."),
        setting<&S::quiet_flush_ms>("quiet_flush_ms", {0, 1000},
                                    "How long a silence ends a picture of a camera that sends no "
                                    "delimiter behind it; 0: never."),
        setting<&S::decoder_threads>("decoder_threads", {1, 16}, "Slice threads."),
        setting<&S::file_fps>("file_fps", {0, 240},
                              "Of a raw .h264 recording, which carries no times; 0: as its SPS "
                              "says, else 30."),
    };
  }
  void check(const ConfigReader& reader) const;
  /// Throws UsageError when the URL can't be one; source names where it came from.
  void check(const std::string& source) const;

  bool operator==(const ReceiverConfig&) const = default;
};

}  // namespace rearview
