#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/enumeration.h"
#include "base/setting.h"

namespace rearview {

/// Section `publish.ndjson`: JSON lines for scripts (docs/publish.md).
struct NdjsonConfig {
  std::filesystem::path socket;
  bool standard_output = false;
  bool analysis = false;
  std::size_t max_clients = 32;
  int write_timeout_ms = 10'000;
  /// Standard output begins behind this alert; without: with new ones. Of the command line.
  std::optional<std::uint64_t> after;

  static constexpr auto settings() {
    using S = NdjsonConfig;
    return std::array{
        setting<&S::socket>("socket", "Path of a Unix socket; empty: none."),
        setting<&S::standard_output>("standard_output", "Write JSON lines on standard output."),
        setting<&S::analysis>(
            "analysis",
            "Standard output carries analyses too; clients of the socket ask for them."),
        setting<&S::max_clients>("max_clients", {1, 1000}, "Of the socket, at once."),
        setting<&S::write_timeout_ms>("write_timeout_ms", {500, 120'000},
                                      "A client that takes nothing for so long is closed."),
    };
  }
  void check(const ConfigReader& reader) const;
  /// Throws UsageError when the system can't make a socket of that name. where: of the setting.
  void check(const std::string& where) const;

  bool operator==(const NdjsonConfig&) const = default;
};

/// One of `publish.webhooks`: each alert posted to an address.
struct WebhookConfig {
  std::string name;
  std::string url;
  std::filesystem::path secret_file;
  std::filesystem::path ca_file;
  int timeout_ms = 5'000;
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  int max_age_s = 86'400;
  int heartbeat_s = 60;

  static constexpr auto settings() {
    using S = WebhookConfig;
    return std::array{
        setting<&S::name>("name",
                          {.least = 1, .most = 32, .characters = "a-z0-9_-", .example = "home"},
                          "For logs, metrics and the file that remembers what was delivered."),
        // Whoever knows it can post.
        setting<&S::url>("url",
                         {.most = 2048, .secret = true, .example = "https://example.org/hook"},
                         "http or https."),
        setting<&S::secret_file>(
            "secret_file", "File with the secret that signs, whsec_ and base64; empty: unsigned."),
        setting<&S::ca_file>("ca_file",
                             "Certificates of the authorities to trust; empty: the system's."),
        setting<&S::timeout_ms>("timeout_ms", {100, 60'000}, "For one try."),
        setting<&S::backoff_min_ms>("backoff_min_ms", {10, 60'000},
                                    "Before the first repeat; twice as long each time."),
        setting<&S::backoff_max_ms>("backoff_max_ms", {10, 3'600'000}, "The longest wait."),
        setting<&S::max_age_s>("max_age_s", {1, 31'536'000},
                               "An alert older than this is given up."),
        setting<&S::heartbeat_s>("heartbeat_s", {0, 86'400},
                                 "0: only when a camera begins or ceases to see the road."),
    };
  }
  void check(const ConfigReader& reader) const;

  bool operator==(const WebhookConfig&) const = default;
};

enum class MqttVersion { v311, v5 };

constexpr auto names_of(MqttVersion) {
  return std::to_array<std::string_view>({"3.1.1", "5"});
}

/// Section `publish.mqtt`.
struct MqttConfig {
  std::string url;
  MqttVersion version = MqttVersion::v5;
  std::string client_id = "rearview";
  std::string username;
  std::filesystem::path password_file;
  std::filesystem::path ca_file;
  std::filesystem::path cert_file;
  std::filesystem::path key_file;
  std::string topic = "rearview";
  std::string discovery = "homeassistant";
  int picture_s = 10;
  int keepalive_s = 10;
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  int max_age_s = 86'400;

  Endpoint broker;   ///< of url
  bool tls = false;  ///< of url

  static constexpr auto settings() {
    using S = MqttConfig;
    return std::array{
        setting<&S::url>("url", {.most = 512},
                         "mqtt://HOST:PORT or mqtts://HOST:PORT; empty: off."),
        setting<&S::version>("version", "Of the protocol."),
        setting<&S::client_id>("client_id", {.least = 1, .most = 64, .characters = "a-zA-Z0-9_-"},
                               "One for each service of a broker."),
        setting<&S::username>("username", {.most = 256}, "Empty: none."),
        setting<&S::password_file>("password_file", "Its first line is the password."),
        setting<&S::ca_file>("ca_file",
                             "Certificates of the authorities to trust; empty: the system's."),
        setting<&S::cert_file>("cert_file", "Our certificate, for brokers that ask for one."),
        setting<&S::key_file>("key_file", "Its key."),
        setting<&S::topic>("topic", {1, 128}, "What all topics begin with."),
        setting<&S::discovery>("discovery", {0, 128},
                               "Home Assistant's prefix; empty: no discovery."),
        setting<&S::picture_s>("picture_s", {0, 3600}, "Between pictures; 0: none."),
        setting<&S::keepalive_s>(
            "keepalive_s", {5, 3600},
            "The broker takes the service for gone after one and a half of it."),
        setting<&S::backoff_min_ms>("backoff_min_ms", {10, 60'000},
                                    "Before the first repeat; twice as long each time."),
        setting<&S::backoff_max_ms>("backoff_max_ms", {10, 3'600'000}, "The longest wait."),
        setting<&S::max_age_s>("max_age_s", {1, 31'536'000},
                               "An alert older than this is given up."),
    };
  }
  /// Sets broker and tls.
  void check(const ConfigReader& reader);
  /// Throws UsageError when the file can't be read.
  std::string password() const;

  bool operator==(const MqttConfig&) const = default;
};

/// Section `publish` of the configuration: the ways out besides HTTP.
struct PublishConfig {
  NdjsonConfig ndjson;
  std::vector<WebhookConfig> webhooks;
  MqttConfig mqtt;

  static constexpr auto settings() {
    using S = PublishConfig;
    return std::array{
        setting<&S::ndjson>("ndjson", "JSON lines for scripts."),
        setting<&S::webhooks>("webhooks", {0, 16}, "Addresses that each alert is posted to."),
        setting<&S::mqtt>("mqtt", "A broker, and Home Assistant behind it."),
    };
  }
  void check(const ConfigReader& reader) const;
};

}  // namespace rearview
