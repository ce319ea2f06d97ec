#pragma once

#include <array>
#include <cstddef>

#include "base/setting.h"
#include "site/site_config.h"

namespace rearview {

/// Section `serve` of the configuration.
struct ServeConfig {
  SiteConfig site;
  /// SO_SNDBUF of a viewer. More makes old pictures.
  int stream_buffer_bytes = 128 * 1024;
  std::size_t event_queue_bytes = 1024 * 1024;
  std::size_t video_queue_bytes = 1024 * 1024;
  int snapshot_wait_ms = 1'000;
  int stale_after_ms = 2'000;

  static constexpr auto settings() {
    using S = ServeConfig;
    constexpr double kKi = 1024;
    constexpr double kMi = 1024 * kKi;
    return std::array{
        inlined<&S::site>(),
        setting<&S::stream_buffer_bytes>("stream_buffer_bytes", {16 * kKi, 4 * kMi},
                                         "What the kernel may hold for a slow viewer."),
        setting<&S::event_queue_bytes>("event_queue_bytes", {64 * kKi, 64 * kMi},
                                       "A subscriber further behind is closed."),
        setting<&S::video_queue_bytes>("video_queue_bytes", {64 * kKi, 64 * kMi},
                                       "What may wait for a viewer of the original video; one "
                                       "further behind goes on with the next IDR."),
        setting<&S::snapshot_wait_ms>("snapshot_wait_ms", {100, 10'000},
                                      "How long a snapshot waits for a picture."),
        setting<&S::stale_after_ms>("stale_after_ms", {500, 60'000},
                                    "An older analysis says nothing about the road any more."),
    };
  }
  bool operator==(const ServeConfig&) const = default;
};

}  // namespace rearview
