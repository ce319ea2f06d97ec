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
#include "nats/nats_access.h"

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

/// One of `publish.nats.privacy.zones`.
struct NatsZoneConfig {
  std::optional<double> lat;
  std::optional<double> lon;
  double radius_m = 500;

  static constexpr auto settings() {
    using S = NatsZoneConfig;
    return std::array{
        setting<&S::lat>("lat", {.least = -90, .most = 90, .example = "52.5163"},
                         "Of the centre, in degrees, WGS 84."),
        setting<&S::lon>("lon", {.least = -180, .most = 180, .example = "13.3777"}, "Likewise."),
        setting<&S::radius_m>("radius_m", {1, 100'000}, "Of the circle."),
    };
  }

  bool operator==(const NatsZoneConfig&) const = default;
};

/// Section `publish.nats.privacy`.
struct NatsPrivacyConfig {
  std::vector<NatsZoneConfig> zones;
  int grid_m = 0;
  bool tracks = false;

  static constexpr auto settings() {
    using S = NatsPrivacyConfig;
    return std::array{
        setting<&S::zones>("zones", {0, 64}, "No position within one of these leaves."),
        setting<&S::grid_m>("grid_m", {0, 100'000},
                            "A position is told as the middle of its square of this side; 0: as "
                            "it is."),
        setting<&S::tracks>("tracks", "A ride goes with its track."),
    };
  }

  bool operator==(const NatsPrivacyConfig&) const = default;
};

/// Section `publish.nats`.
struct NatsConfig {
  std::string url;
  std::string gateway;
  std::filesystem::path credentials_file;
  std::filesystem::path nkey_file;
  std::filesystem::path token_file;
  std::filesystem::path ca_file;
  std::string domain;
  int state_s = 10;
  int catch_up_per_s = 1000;
  bool backlog = false;
  int max_age_s = 2'592'000;
  int backoff_min_ms = 500;
  int backoff_max_ms = 30'000;
  int stream_max_age_d = 30;
  int stream_duplicates_s = 7200;
  int stream_replicas = 1;
  NatsPrivacyConfig privacy;
  /// A ride goes on over a gap as long. Of the store's settings.
  int ride_gap_s = 0;

  static constexpr auto settings() {
    using S = NatsConfig;
    return std::array{
        setting<&S::url>("url", {.most = 512},
                         "nats://HOST:PORT or tls://HOST:PORT, several of one cluster with commas; "
                         "empty: off."),
        setting<&S::gateway>("gateway", {.most = 64, .characters = "A-Za-z0-9_-"},
                             "What this gateway is called in subjects, one of a kind in the fleet; "
                             "empty: as the host."),
        setting<&S::credentials_file>("credentials_file", "A .creds file; empty: none."),
        setting<&S::nkey_file>("nkey_file",
                               "A seed and its public key, as `nk -gen user -pubout` prints them; "
                               "empty: none."),
        setting<&S::token_file>("token_file", "Its first line is the token; empty: none."),
        setting<&S::ca_file>("ca_file",
                             "Certificates of the authorities to trust; empty: the system's."),
        setting<&S::domain>("domain", {.most = 64, .characters = "A-Za-z0-9_-"},
                            "JetStream's domain where the stream is; empty: the server's own."),
        setting<&S::state_s>("state_s", {1, 3600}, "Between states of the road that don't change."),
        setting<&S::catch_up_per_s>("catch_up_per_s", {1, 100'000},
                                    "Messages a second at most, after a time without the server."),
        setting<&S::backlog>("backlog",
                             "On the first start send what is stored already, too; without it a "
                             "gateway begins with what is new."),
        setting<&S::max_age_s>("max_age_s", {1, 31'536'000},
                               "An alert older than this is given up; so is a pass or a ride."),
        setting<&S::backoff_min_ms>("backoff_min_ms", {10, 60'000},
                                    "Before the first repeat; twice as long each time."),
        setting<&S::backoff_max_ms>("backoff_max_ms", {10, 3'600'000}, "The longest wait."),
        setting<&S::stream_max_age_d>("stream_max_age_d", {1, 3650},
                                      "Days that the stream keeps a message. This and what follows "
                                      "hold where this gateway makes the stream."),
        setting<&S::stream_duplicates_s>("stream_duplicates_s", {1, 604'800},
                                         "Within it the stream takes no message twice."),
        setting<&S::stream_replicas>("stream_replicas", {1, 5}, "Servers that keep the stream."),
        setting<&S::privacy>("privacy", "What of the rider's positions leaves the gateway."),
    };
  }
  void check(const ConfigReader& reader) const;
  NatsAccess access() const;

  bool operator==(const NatsConfig&) const = default;
};

/// Section `publish` of the configuration: the ways out besides HTTP.
struct PublishConfig {
  NdjsonConfig ndjson;
  std::vector<WebhookConfig> webhooks;
  MqttConfig mqtt;
  NatsConfig nats;

  static constexpr auto settings() {
    using S = PublishConfig;
    return std::array{
        setting<&S::ndjson>("ndjson", "JSON lines for scripts."),
        setting<&S::webhooks>("webhooks", {0, 16}, "Addresses that each alert is posted to."),
        setting<&S::mqtt>("mqtt", "A broker, and Home Assistant behind it."),
        setting<&S::nats>("nats", "A fleet's stream on NATS JetStream."),
    };
  }
  void check(const ConfigReader& reader) const;
};

}  // namespace rearview
