#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "serve/access/access_config.h"

namespace rearview {

namespace http {
class TlsIdentity;
}

/// Section `serve.tls`: HTTPS on the same port. Empty: HTTP only.
struct TlsConfig {
  std::filesystem::path cert_file;  ///< PEM: our certificate, and those that vouch for it
  std::filesystem::path key_file;   ///< PEM: its key, without a passphrase

  void read(ConfigReader& reader);
  bool is_set() const { return !cert_file.empty(); }
  /// Reads the files; null where there are none. Throws UsageError when they can't be used.
  std::shared_ptr<const http::TlsIdentity> identity() const;
};

/// Section `serve` of the configuration.
struct ServeConfig {
  std::string host = "127.0.0.1";  ///< address to listen on; 0.0.0.0 or :: for all networks
  std::uint16_t port = 8080;       ///< 0: any free one
  std::size_t max_connections = 512;
  std::size_t max_connections_per_address = 128;
  int max_requests_per_s_per_address = 200;  ///< twice as many at once
  int write_timeout_ms = 10'000;             ///< a client that takes nothing for so long is closed
  /// SO_SNDBUF of a viewer: what the kernel may hold for one that is slow. More makes old pictures.
  int stream_buffer_bytes = 128 * 1024;
  std::size_t event_queue_bytes = 1024 * 1024;  ///< a subscriber further behind is closed
  /// What may wait for a viewer of the original video; one further behind goes on with the next
  /// IDR.
  std::size_t video_queue_bytes = 1024 * 1024;
  int snapshot_wait_ms = 1'000;
  /// An analysis older than this says nothing about the road any more.
  int stale_after_ms = 2'000;
  /// Host names and addresses the service answers to besides localhost, the machine's own name
  /// (with and without .local), the addresses of its interfaces, and `host`.
  std::vector<std::string> allowed_hosts;
  /// Origins of other sites whose pages may read from this service; "*" for any.
  std::vector<std::string> cors_origins;
  TlsConfig tls;
  AccessConfig access;

  void read(ConfigReader& reader);
};

}  // namespace rearview
