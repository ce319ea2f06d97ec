#include "serve/serve_config.h"

#include "http/tls_identity.h"

namespace rearview {

void TlsConfig::read(ConfigReader& reader) {
  reader.path("cert_file", cert_file);
  reader.path("key_file", key_file);
  if (cert_file.empty() != key_file.empty())
    reader.fail("key_file", "cert_file and key_file go together");
}

std::shared_ptr<const http::TlsIdentity> TlsConfig::identity() const {
  if (!is_set()) return nullptr;
  return std::make_shared<const http::TlsIdentity>(cert_file, key_file);
}

void ServeConfig::read(ConfigReader& reader) {
  reader.text("host", host, 1, 255);
  reader.number("port", port, 0, 65535);
  reader.number("max_connections", max_connections, 8, 10'000);
  reader.number("max_connections_per_address", max_connections_per_address, 8, 10'000);
  reader.number("max_requests_per_s_per_address", max_requests_per_s_per_address, 1, 100'000);
  reader.number("write_timeout_ms", write_timeout_ms, 500, 120'000);
  reader.number("stream_buffer_bytes", stream_buffer_bytes, 16 * 1024, 4 * 1024 * 1024);
  reader.number("event_queue_bytes", event_queue_bytes, 64 * 1024, 64 * 1024 * 1024);
  reader.number("video_queue_bytes", video_queue_bytes, 64 * 1024, 64 * 1024 * 1024);
  reader.number("snapshot_wait_ms", snapshot_wait_ms, 100, 10'000);
  reader.number("stale_after_ms", stale_after_ms, 500, 60'000);
  reader.texts("allowed_hosts", allowed_hosts, 0, 64);
  reader.texts("cors_origins", cors_origins, 0, 64);
  reader.object("tls", [this](ConfigReader& inner) { tls.read(inner); });
  reader.object("access", [this](ConfigReader& inner) { access.read(inner); });
}

}  // namespace rearview
