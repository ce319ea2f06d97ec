#include "camera/device/device_api.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "camera/device/device_status.h"
#include "http/site_check.h"

namespace rearview::camera {
namespace {

using http::HttpError;
using http::Request;
using http::Response;

constexpr const char* kNotAVideo = "Path is not a .mkv video file";
/// The name by which apps and the tutorial's programs know the device (device contract).
constexpr const char* kContractHost = "velovision-rearview.local";
constexpr const char* kNotAThumbnail = "Path is not a .jpg thumbnail file";

/// A number of the board, rounded, or the contract's words for its failure.
Response rounded(const std::optional<double>& value, const char* failure) {
  if (!value) throw HttpError(500, failure);
  return http::text(200, fmt::format("{}", std::llround(*value)));
}

const char* word(bool value) {
  return value ? "true" : "false";
}

std::string fw_date(std::int64_t unix_s) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(unix_s)));
}

}  // namespace

DeviceApi::DeviceApi(const DeviceConfig& config, http::IoLoop& loop, const DeviceParts& parts)
    : config_(config), loop_(loop), parts_(parts) {
  if (parts_.recordings) mp4s_.emplace(parts_.recordings->folder() / ".mp4");
  http::ServerConfig server;
  server.host = config_.listen.host;
  server.port = config_.listen.port;
  server.max_connections = 64;
  server.max_connections_per_address = 24;
  server.extra_hosts = config_.allowed_hosts;
  server.extra_hosts.emplace_back(kContractHost);
  // What comes from here is no page: no script runs in it, and no page frames it.
  server.decorate = [](const Request&, Response& response) {
    response.header("Cache-Control", "no-store")
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Content-Security-Policy",
                "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'");
  };
  try {
    server_ = std::make_unique<http::Server>(loop, server, routes(), http::plain_error);
  } catch (const std::runtime_error& e) {
    throw UsageError(fmt::format("device address {}: {}", config_.listen.text(), e.what()));
  }
  server_->start();
  log::info("device", "listening", {{"address", config_.listen.host}, {"port", server_->port()}});
}

DeviceApi::~DeviceApi() {
  server_->stop();
}

void DeviceApi::add(http::Router& router, const char* method, const char* path, Answer answer) {
  router.add(method, path, [this, answer](const Request& request, http::Responder responder) {
    answer_later(answer, request, std::move(responder));
  });
}

void DeviceApi::answer_later(Answer answer, const Request& request, http::Responder responder) {
  // On a worker: the fuel gauge and the disk may take their time.
  server_->answer_on_worker(std::move(responder),
                            [this, answer, request] { return (this->*answer)(request); });
}

void DeviceApi::add_change(http::Router& router, const char* method, const char* path,
                           Answer answer) {
  router.add(method, path, [this, answer](const Request& request, http::Responder responder) {
    http::refuse_other_sites(request, {});
    answer_later(answer, request, std::move(responder));
  });
}

http::Router DeviceApi::routes() {
  http::Router router;
  add(router, "GET", "/", &DeviceApi::welcome);
  add(router, "GET", "/battery-percent", &DeviceApi::battery_percent);
  add(router, "GET", "/battery-millivolts", &DeviceApi::battery_millivolts);
  add(router, "GET", "/cpu-temp", &DeviceApi::cpu_temp);
  add(router, "GET", "/is-charging", &DeviceApi::is_charging);
  add(router, "GET", "/camera-stream-status", &DeviceApi::camera_stream_status);
  add(router, "GET", "/list-local-videos", &DeviceApi::list_local_videos);
  add(router, "GET", "/download-video", &DeviceApi::download_mp4);
  add(router, "POST", "/download-video", &DeviceApi::download_mkv);
  add(router, "GET", "/download-thumbnail", &DeviceApi::download_thumbnail);
  add_change(router, "GET", "/wipe-local-videos", &DeviceApi::wipe_local_videos);
  add_change(router, "PUT", "/blink-on", &DeviceApi::blink_on);
  add_change(router, "PUT", "/blink-off", &DeviceApi::blink_off);
  add_change(router, "PUT", "/restart-stream-mode", &DeviceApi::restart_stream_mode);
  add(router, "GET", "/api/v1/status", &DeviceApi::status);
  add(router, "GET", "/metrics", &DeviceApi::metrics);
  add(router, "GET", "/healthz", &DeviceApi::health);
  add_change(router, "PUT", "/api/v1/recordings/{name}/lock", &DeviceApi::lock_recording);
  add_change(router, "DELETE", "/api/v1/recordings/{name}/lock", &DeviceApi::unlock_recording);
  router.fallback([](const Request& request, const std::string&) {
    return http::plain_error(501, fmt::format("Unknown {} request", request.method));
  });
  return router;
}

Response DeviceApi::welcome(const Request&) {
  return http::text(200, "Welcome to Velovision Rearview");
}

Response DeviceApi::battery_percent(const Request&) {
  return rounded(parts_.board.battery_percent(), "Failed to get battery state of charge");
}

Response DeviceApi::battery_millivolts(const Request&) {
  return rounded(parts_.board.battery_mv(), "Failed to get battery voltage");
}

Response DeviceApi::cpu_temp(const Request&) {
  return rounded(parts_.board.cpu_temp_c(), "Failed to read CPU temperature");
}

Response DeviceApi::is_charging(const Request&) {
  const auto charging = parts_.board.charging();
  if (!charging) throw HttpError(500, "Failed to get charging status");
  return http::text(200, word(*charging));
}

Response DeviceApi::camera_stream_status(const Request&) {
  return http::text(200, word(parts_.mode.streaming()));
}

Response DeviceApi::list_local_videos(const Request&) {
  nlohmann::ordered_json videos = nlohmann::ordered_json::array();
  if (parts_.recordings) {
    for (const auto& chunk : parts_.recordings->list()) {
      videos.push_back({{"path", chunk.path.string()},
                        {"date_updated", config_.contract == Contract::fw
                                             ? fw_date(chunk.updated_unix_s)
                                             : std::to_string(chunk.updated_unix_s)}});
    }
  }
  return http::json(videos.dump());
}

Recordings::Chunk DeviceApi::chunk_at(std::optional<std::string> path) const {
  if (!path || !path->ends_with(".mkv") || !parts_.recordings ||
      !path->starts_with(parts_.recordings->folder().string() + "/") ||
      path->find("/..") != std::string::npos)
    throw HttpError(400, kNotAVideo);
  const auto chunk = parts_.recordings->find(*path);
  if (!chunk) throw HttpError(404, "No such video");
  return *chunk;
}

Response DeviceApi::download_mp4(const Request& request) {
  const auto chunk = chunk_at(http::percent_decode(request.query_text, false));
  std::filesystem::path mp4;
  try {
    mp4 = mp4s_->get(chunk);
  } catch (const std::exception& e) {
    log::warning("device", "chunk can't be remuxed",
                 {{"chunk", chunk.path.string()}, {"why", e.what()}});
    throw HttpError(503, "The video can't be converted now");
  }
  return http::file(mp4, "video/mp4");
}

Response DeviceApi::download_mkv(const Request& request) {
  return http::file(chunk_at(request.body).path, "video/x-matroska");
}

Response DeviceApi::download_thumbnail(const Request& request) {
  const auto path = http::percent_decode(request.query_text, false);
  if (!path || !path->ends_with(".jpg") || !parts_.recordings ||
      !path->starts_with(parts_.recordings->folder().string() + "/") ||
      path->find("/..") != std::string::npos)
    throw HttpError(400, kNotAThumbnail);
  const auto thumbnail = parts_.recordings->find_thumbnail(*path);
  if (!thumbnail) throw HttpError(404, "No such thumbnail");
  return http::file(*thumbnail, "image/jpeg");
}

Response DeviceApi::wipe_local_videos(const Request& request) {
  if (request.method != "GET") return http::text(200, "");  // HEAD changes nothing
  const std::size_t wiped = parts_.recordings ? parts_.recordings->wipe() : 0;
  log::info("device", "recordings wiped", {{"peer", request.peer}, {"chunks", wiped}});
  return http::text(200, "Wiped local videos");
}

Response DeviceApi::blink_on(const Request&) {
  parts_.led.set_blinking(true);
  return http::text(200, "Turned on LED");
}

Response DeviceApi::blink_off(const Request&) {
  parts_.led.set_blinking(false);
  return http::text(200, "Turned off LED");
}

Response DeviceApi::restart_stream_mode(const Request&) {
  parts_.mode.restart();
  if (parts_.recorder) parts_.recorder->set_active(parts_.mode.recording());
  return http::text(200, "Restarted streaming mode");
}

Response DeviceApi::status(const Request&) {
  return http::json(status_json(parts_).dump());
}

Response DeviceApi::metrics(const Request&) {
  http::ServerStats http;
  loop_.run([&] { http = server_->stats(); });
  return http::text(200, metrics_text(parts_, http), "text/plain; version=0.0.4; charset=utf-8");
}

Response DeviceApi::health(const Request&) {
  const auto problem = what_ails(parts_);
  if (problem) return http::json(nlohmann::json{{"problem", *problem}}.dump(), 503);
  return http::json(R"({"problem":null})");
}

Response DeviceApi::lock_recording(const Request& request) {
  return set_locked(request, true);
}

Response DeviceApi::unlock_recording(const Request& request) {
  return set_locked(request, false);
}

Response DeviceApi::set_locked(const Request& request, bool locked) {
  const std::string name(request.param("name"));
  if (!parts_.recordings || !parts_.recordings->find_name(name))
    throw HttpError(404, "No such video");
  if (!parts_.recordings->set_locked(name, locked))
    throw HttpError(503, "The disk can't be written");
  return http::text(200, locked ? "Locked" : "Unlocked");
}

}  // namespace rearview::camera
