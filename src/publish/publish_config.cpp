#include "publish/publish_config.h"

#include <fmt/core.h>
#include <sys/un.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.h"
#include "base/printable_url.h"
#include "publish/http_post.h"
#include "publish/webhook_signature.h"

namespace rearview {

void NdjsonConfig::read(ConfigReader& reader) {
  reader.path("socket", socket);
  check(fmt::format("{}: {}/socket", reader.source(), reader.where()));
  reader.boolean("standard_output", standard_output);
  reader.boolean("analysis", analysis);
  reader.number("max_clients", max_clients, 1, 1000);
  reader.number("write_timeout_ms", write_timeout_ms, 500, 120'000);
}

void NdjsonConfig::check(const std::string& where) const {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.native().size() > kMost)
    throw UsageError(fmt::format("{}: {} has {} bytes; the path of a Unix socket has at most {}",
                                 where, socket.string(), socket.native().size(), kMost));
}

namespace {

bool is_plain_name(const std::string& text, std::size_t most, bool upper_case) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [upper_case](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  (upper_case && c >= 'A' && c <= 'Z');
         });
}

void read_backoff(ConfigReader& reader, int& min_ms, int& max_ms) {
  reader.number("backoff_min_ms", min_ms, 10, 60'000);
  reader.number("backoff_max_ms", max_ms, 10, 3'600'000);
  if (max_ms < min_ms)
    reader.fail("backoff_max_ms", fmt::format("less than backoff_min_ms ({})", min_ms));
}

/// Topics to publish to: without wildcards (MQTT 5, 4.7.1) and empty levels.
void read_topic(ConfigReader& reader, const char* key, std::string& topic, std::size_t least) {
  reader.text(key, topic, least, 128);
  if (topic.find_first_of("+# ") != std::string::npos || topic.starts_with('/') ||
      topic.ends_with('/') || topic.starts_with('$') || topic.find("//") != std::string::npos)
    reader.fail(key, fmt::format("\"{}\" is not a topic like home/rearview", topic));
}

}  // namespace

void MqttConfig::read(ConfigReader& reader) {
  reader.text("url", url, 0, 512);
  if (!url.empty()) {
    tls = url.starts_with("mqtts://");
    if (!tls && !url.starts_with("mqtt://"))
      reader.fail("url", fmt::format("\"{}\" is not mqtt://HOST:PORT or mqtts://HOST:PORT",
                                     printable_url(url)));
    std::string address = url.substr(url.find("://") + 3);
    if (address.find('@') != std::string::npos)
      reader.fail("url", "user and password go into username and password_file");
    if (address.ends_with('/')) address.pop_back();
    if (address.find_first_of("/?#") != std::string::npos)
      reader.fail("url", fmt::format("\"{}\" has more than a host and a port", printable_url(url)));
    const auto colon = address.rfind(':');
    if (colon == std::string::npos || address.ends_with(']')) address += tls ? ":8883" : ":1883";
    try {
      broker = parse_endpoint(address);
    } catch (const UsageError& error) {
      reader.fail("url", error.what());
    }
    if (broker.port == 0) reader.fail("url", fmt::format("\"{}\" has no port", url));
  }
  reader.choice("version", version, {{"3.1.1", MqttVersion::v311}, {"5", MqttVersion::v5}});
  reader.text("client_id", client_id, 1, 64);
  if (!is_plain_name(client_id, 64, true))
    reader.fail("client_id",
                fmt::format("\"{}\" has other characters than a-z, A-Z, 0-9, - and _", client_id));
  reader.text("username", username, 0, 256);
  reader.path("password_file", password_file);
  if (!password_file.empty()) password();
  if (!password_file.empty() && username.empty())
    reader.fail("password_file", "a password needs a username");
  reader.path("ca_file", ca_file);
  reader.path("cert_file", cert_file);
  reader.path("key_file", key_file);
  if (cert_file.empty() != key_file.empty())
    reader.fail("key_file", "cert_file and key_file go together");
  read_topic(reader, "topic", topic, 1);
  read_topic(reader, "discovery", discovery, 0);
  reader.number("picture_s", picture_s, 0, 3600);
  reader.number("keepalive_s", keepalive_s, 5, 3600);
  read_backoff(reader, backoff_min_ms, backoff_max_ms);
  reader.number("max_age_s", max_age_s, 1, 31'536'000);
}

std::string MqttConfig::password() const {
  std::ifstream in(password_file);
  std::string line;
  if (!in || !std::getline(in, line) || line.size() > 1024)
    throw UsageError(
        fmt::format("{}: the password can't be read; it is the first line, of 1024 "
                    "bytes at most",
                    password_file.string()));
  return line;
}

void WebhookConfig::read(ConfigReader& reader) {
  reader.text("name", name, 0, 32);
  if (!is_plain_name(name, 32, false))
    reader.fail("name", fmt::format("\"{}\" is not 1 to 32 of a-z, 0-9, - and _", name));
  reader.secret("url", url, 0, 2048);  // whoever knows it can post
  if (const std::string problem = HttpPost::problem_of(url); !problem.empty())
    reader.fail("url", problem);  // without it: whoever knows it can post
  reader.path("secret_file", secret_file);
  if (!secret_file.empty()) WebhookSignature check(secret_file);
  reader.path("ca_file", ca_file);
  reader.number("timeout_ms", timeout_ms, 100, 60'000);
  read_backoff(reader, backoff_min_ms, backoff_max_ms);
  reader.number("max_age_s", max_age_s, 1, 31'536'000);
  reader.number("heartbeat_s", heartbeat_s, 0, 86'400);
}

void PublishConfig::read(ConfigReader& reader) {
  reader.object("ndjson", [this](ConfigReader& inner) { ndjson.read(inner); });
  constexpr std::size_t kMostWebhooks = 16;
  std::set<std::string> names;
  reader.objects("webhooks", 0, kMostWebhooks, [&](ConfigReader& inner) {
    WebhookConfig& webhook = webhooks.emplace_back();
    webhook.read(inner);
    if (!names.insert(webhook.name).second)
      inner.fail("name", fmt::format("\"{}\" is the name of two webhooks", webhook.name));
  });
  reader.object("mqtt", [this](ConfigReader& inner) { mqtt.read(inner); });
}

}  // namespace rearview
