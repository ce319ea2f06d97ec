#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/setting.h"
#include "site/access/access_config.h"

namespace rearview {

namespace http {
class TlsIdentity;
}

/// Section `serve.tls`: HTTPS on the same port. Empty: HTTP only.
struct TlsConfig {
  std::filesystem::path cert_file;
  std::filesystem::path key_file;

  static constexpr auto settings() {
    using S = TlsConfig;
    return std::array{
        setting<&S::cert_file>(
            "cert_file", "Our certificate (PEM), and those that vouch for it; empty: HTTP only."),
        setting<&S::key_file>("key_file", "Its key (PEM), without a passphrase."),
    };
  }
  void check(const ConfigReader& reader) const;
  bool is_set() const { return !cert_file.empty(); }
  /// Reads the files; null where there are none. Throws UsageError when they can't be used.
  std::shared_ptr<const http::TlsIdentity> identity() const;
  bool operator==(const TlsConfig&) const = default;
};

/// What section `serve` of the configuration says of every site of ours.
struct SiteConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::size_t max_connections = 512;
  std::size_t max_connections_per_address = 128;
  int max_requests_per_s_per_address = 200;
  int write_timeout_ms = 10'000;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_origins;
  TlsConfig tls;
  AccessConfig access;

  static constexpr auto settings() {
    using S = SiteConfig;
    return std::array{
        setting<&S::host>("host", {1, 255},
                          "Address to listen on; 0.0.0.0 or :: lets other devices in, those that "
                          "have a token: see access."),
        setting<&S::port>("port", {0, 65535}, "0: any free one."),
        setting<&S::max_connections>("max_connections", {8, 10'000},
                                     "Beyond these, silent connections give way to new ones; where "
                                     "none is silent, new ones are refused."),
        setting<&S::max_connections_per_address>(
            "max_connections_per_address", {8, 10'000},
            "As max_connections, for each client address; as many as max_connections behind a "
            "proxy."),
        setting<&S::max_requests_per_s_per_address>(
            "max_requests_per_s_per_address", {1, 100'000},
            "Twice as many at once; further ones are answered 429."),
        setting<&S::write_timeout_ms>("write_timeout_ms", {500, 120'000},
                                      "A client that takes nothing for so long is closed."),
        setting<&S::allowed_hosts>(
            "allowed_hosts",
            "Names and addresses the service answers to besides localhost, the machine's own name "
            "(with and without .local), the addresses of its interfaces, and host."),
        setting<&S::cors_origins>(
            "cors_origins",
            "Origins of other sites whose pages may read from this service; * for any."),
        setting<&S::tls>("tls", "HTTPS on the same port (docs/http-api.md). Empty: HTTP only."),
        setting<&S::access>("access",
                            "Who may watch, and who may delete and lock (docs/http-api.md)."),
    };
  }
  bool operator==(const SiteConfig&) const = default;
};

}  // namespace rearview
