#include "site/site.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "http/tls_identity.h"
#include "site/access/gate.h"

namespace rearview {
namespace {

using http::Request;
using http::Response;

/// The log begins to speak of a certificate's end so long before it.
constexpr std::chrono::hours kRenewBefore{24 * 30};

/// What is no page runs no script and loads nothing but itself, and no other site may frame it.
constexpr std::string_view kOtherPolicy =
    "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'self'";
/// What the page needs of what browsers can do; all else that this names is off, also for whoever
/// finds a way to run a script in it.
constexpr std::string_view kPermissions =
    "camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), midi=(), payment=(), "
    "serial=(), usb=(), xr-spatial-tracking=(), fullscreen=(self), "
    "screen-wake-lock=(self), autoplay=(self)";
/// The page loads nothing from elsewhere, runs no script but its own, and no other site may frame
/// it.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action "
    "'none'; "
    "frame-ancestors 'self'";
/// A worker that keeps the page fetches its files, and does nothing else.
constexpr std::string_view kWorkerPolicy = "default-src 'none'; connect-src 'self'";

}  // namespace

http::ServerConfig server_config(const SiteConfig& config, Now now) {
  http::ServerConfig http;
  http.host = config.host;
  http.port = config.port;
  http.max_connections = config.max_connections;
  http.max_connections_per_address = config.max_connections_per_address;
  http.max_requests_per_s_per_address = config.max_requests_per_s_per_address;
  http.write_timeout = std::chrono::milliseconds(config.write_timeout_ms);
  http.extra_hosts = config.allowed_hosts;
  http.now = std::move(now);
  http.tls = config.tls.identity();
  if (http.tls && http.tls->expires() - WallClock::now() < kRenewBefore)
    log::warning(
        "serve", "the certificate is to be renewed",
        {{"file", config.tls.cert_file.string()}, {"expires", rfc3339(http.tls->expires())}});
  http.decorate = [origins = config.cors_origins](const Request& request, Response& response) {
    response.header("X-Content-Type-Options", "nosniff").header("Referrer-Policy", "no-referrer");
    if (!response.has("Content-Security-Policy"))
      response.header("Content-Security-Policy", std::string(kOtherPolicy));
    if (response.status == 401) response.header("WWW-Authenticate", "Bearer");
    const auto origin = request.header("Origin");
    const auto allowed = [&origins](std::string_view one) {
      return std::find(origins.begin(), origins.end(), one) != origins.end();
    };
    const bool shared = allowed("*") || (origin && allowed(*origin));
    response.header("Cross-Origin-Resource-Policy", shared ? "cross-origin" : "same-origin");
    if (!origins.empty()) response.header("Vary", "Origin");
    if (shared && origin) response.header("Access-Control-Allow-Origin", std::string(*origin));
  };
  return http;
}

void add_page(http::Router& router, Gate& gate, const std::vector<WebFile>& files) {
  for (const WebFile& file : files) {
    const auto content = std::make_shared<const std::string>(file.content);
    const bool page = file.name == "index.html";
    const std::string path = page ? "/" : "/" + std::string(file.name);
    gate.require("GET", path, Scope::none);
    router.get(path, [content, &file, page](const Request&) {
      Response response = http::bytes(content, std::string(file.content_type));
      response.header("ETag", std::string(file.etag)).header("Cache-Control", "no-cache");
      if (page)
        response.header("Content-Security-Policy", std::string(kPagePolicy))
            .header("Permissions-Policy", std::string(kPermissions));
      if (file.name == "worker.js")
        response.header("Content-Security-Policy", std::string(kWorkerPolicy));
      return response;
    });
  }
}

std::vector<Metric> certificate_metrics(WallTime expires) {
  return {{"rearview_http_certificate_expiry_timestamp_seconds",
           "gauge",
           "When the certificate ends, in seconds since 1970.",
           {},
           static_cast<double>(WallClock::to_time_t(expires))}};
}

}  // namespace rearview
