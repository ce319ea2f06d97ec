#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "camera/device/device_config.h"
#include "camera/device/device_parts.h"
#include "camera/record/mp4_cache.h"
#include "http/request.h"
#include "http/responder.h"
#include "http/response.h"
#include "http/server.h"

namespace rearview::camera {

/// The device's HTTP interface: every row of the device contract, and beyond it a status, metrics,
/// health and the lock of a recording (docs/camera.md). Serves nothing but the recordings' own
/// files.
class DeviceApi {
 public:
  /// Binds and starts. Throws UsageError when the address can't be used.
  DeviceApi(const DeviceConfig& config, http::IoLoop& loop, const DeviceParts& parts);
  /// The loop must still exist.
  ~DeviceApi();
  DeviceApi(const DeviceApi&) = delete;
  DeviceApi& operator=(const DeviceApi&) = delete;

  std::uint16_t port() const { return server_->port(); }

 private:
  using Answer = http::Response (DeviceApi::*)(const http::Request&);
  http::Router routes();
  void add(http::Router& router, const char* method, const char* path, Answer answer);
  /// For what changes something: not for pages of other sites.
  void add_change(http::Router& router, const char* method, const char* path, Answer answer);
  void answer_later(Answer answer, const http::Request& request, http::Responder responder);

  http::Response welcome(const http::Request&);
  http::Response battery_percent(const http::Request&);
  http::Response battery_millivolts(const http::Request&);
  http::Response cpu_temp(const http::Request&);
  http::Response is_charging(const http::Request&);
  http::Response camera_stream_status(const http::Request&);
  http::Response list_local_videos(const http::Request&);
  http::Response download_mp4(const http::Request&);
  http::Response download_mkv(const http::Request&);
  http::Response download_thumbnail(const http::Request&);
  http::Response wipe_local_videos(const http::Request&);
  http::Response blink_on(const http::Request&);
  http::Response blink_off(const http::Request&);
  http::Response restart_stream_mode(const http::Request&);
  http::Response status(const http::Request&);
  http::Response metrics(const http::Request&);
  http::Response health(const http::Request&);
  http::Response lock_recording(const http::Request&);
  http::Response unlock_recording(const http::Request&);

  http::Response set_locked(const http::Request& request, bool locked);
  Recordings::Chunk chunk_at(std::optional<std::string> path) const;

  const DeviceConfig config_;
  http::IoLoop& loop_;
  DeviceParts parts_;
  std::optional<Mp4Cache> mp4s_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace rearview::camera
