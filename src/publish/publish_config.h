#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/endpoint.h"

namespace rearview {

/// Section `publish.ndjson`: JSON lines for scripts (docs/publish.md).
struct NdjsonConfig {
  std::filesystem::path socket;  ///< of a Unix socket; empty: none
  bool standard_output = false;
  bool analysis = false;  ///< standard output carries analyses too
  std::size_t max_clients = 32;
  int write_timeout_ms =
      10'000;  ///< a client of the socket that takes nothing for so long is closed
  /// Standard output begins behind this alert; without: with new ones. Of the command line.
  std::optional<std::uint64_t> after;

  void read(ConfigReader& reader);
  /// Throws UsageError when the system can't make a socket of that name. where: of the setting.
  void check(const std::string& where) const;

  bool operator==(const NdjsonConfig&) const = default;
};

/// One of `publish.webhooks`: each alert posted to an address.
struct WebhookConfig {
  std::string name;  ///< for logs, metrics and the file that remembers what was delivered
  std::string url;
  std::filesystem::path secret_file;  ///< with the secret that signs; empty: unsigned
  std::filesystem::path ca_file;      ///< authorities to trust; empty: the system's
  int timeout_ms = 5'000;             ///< for one try
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  int max_age_s = 86'400;  ///< an alert older than this is given up
  int heartbeat_s = 60;    ///< 0: only when a camera begins or ceases to see the road

  void read(ConfigReader& reader);

  bool operator==(const WebhookConfig&) const = default;
};

enum class MqttVersion { v311, v5 };

/// Section `publish.mqtt`.
struct MqttConfig {
  std::string url;  ///< mqtt://host:port or mqtts://host:port; empty: off
  MqttVersion version = MqttVersion::v5;
  std::string client_id = "rearview";
  std::string username;
  std::filesystem::path password_file;  ///< its first line is the password
  std::filesystem::path ca_file;        ///< authorities to trust; empty: the system's
  std::filesystem::path cert_file;      ///< our certificate, for brokers that ask for one
  std::filesystem::path key_file;
  std::string topic = "rearview";           ///< what all topics begin with
  std::string discovery = "homeassistant";  ///< Home Assistant's prefix; empty: no discovery
  int picture_s = 10;                       ///< between pictures; 0: none
  int keepalive_s = 10;  ///< the broker takes us for gone after one and a half of it
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  int max_age_s = 86'400;  ///< an alert older than this is given up

  Endpoint broker;   ///< of url
  bool tls = false;  ///< of url

  void read(ConfigReader& reader);
  /// Throws UsageError when the file can't be read.
  std::string password() const;

  bool operator==(const MqttConfig&) const = default;
};

/// Section `publish` of the configuration: the ways out besides HTTP.
struct PublishConfig {
  NdjsonConfig ndjson;
  std::vector<WebhookConfig> webhooks;
  MqttConfig mqtt;

  void read(ConfigReader& reader);
};

}  // namespace rearview
