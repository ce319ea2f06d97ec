#include "publish/publish_config.h"

#include <fmt/core.h>
#include <sys/un.h>

#include <fstream>
#include <set>

#include "base/error.h"
#include "base/printable_url.h"
#include "publish/http_post.h"
#include "publish/webhook_signature.h"

namespace rearview {

void NdjsonConfig::check(const ConfigReader& reader) const {
  check(fmt::format("{}: {}/socket", reader.source(), reader.where()));
}

void NdjsonConfig::check(const std::string& where) const {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.native().size() > kMost)
    throw UsageError(fmt::format("{}: {} has {} bytes; the path of a Unix socket has at most {}",
                                 where, socket.string(), socket.native().size(), kMost));
}

namespace {

/// Topics to publish to: without wildcards (MQTT 5, 4.7.1) and empty levels.
void check_topic(const ConfigReader& reader, const char* key, const std::string& topic) {
  if (topic.find_first_of("+# ") != std::string::npos || topic.starts_with('/') ||
      topic.ends_with('/') || topic.starts_with('$') || topic.find("//") != std::string::npos)
    reader.fail(key, fmt::format("\"{}\" is not a topic like home/rearview", topic));
}

}  // namespace

void MqttConfig::check(const ConfigReader& reader) {
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
  if (!password_file.empty()) password();
  if (!password_file.empty() && username.empty())
    reader.fail("password_file", "a password needs a username");
  if (cert_file.empty() != key_file.empty())
    reader.fail("key_file", "cert_file and key_file go together");
  check_topic(reader, "topic", topic);
  check_topic(reader, "discovery", discovery);
  check_backoff(reader, backoff_min_ms, backoff_max_ms);
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

void WebhookConfig::check(const ConfigReader& reader) const {
  if (const std::string problem = HttpPost::problem_of(url); !problem.empty())
    reader.fail("url", problem);  // without it: whoever knows it can post
  if (!secret_file.empty()) WebhookSignature check(secret_file);
  check_backoff(reader, backoff_min_ms, backoff_max_ms);
}

NatsAccess NatsConfig::access() const {
  return {.url = url,
          .credentials_file = credentials_file,
          .nkey_file = nkey_file,
          .token_file = token_file,
          .ca_file = ca_file,
          .domain = domain};
}

void NatsConfig::check(const ConfigReader& reader) const {
  if (url.empty()) return;
  if (url.find('@') != std::string::npos)
    reader.fail("url", "what lets in goes into credentials_file, nkey_file or token_file");
  if (const auto fault = fault_of(access())) reader.fail(fault->key, fault->why);
  check_backoff(reader, backoff_min_ms, backoff_max_ms);
}

void PublishConfig::check(const ConfigReader& reader) const {
  std::set<std::string> names;
  for (std::size_t i = 0; i < webhooks.size(); ++i) {
    if (!names.insert(webhooks[i].name).second)
      reader.fail("webhooks", i, "name",
                  fmt::format("\"{}\" is the name of two webhooks", webhooks[i].name));
  }
}

}  // namespace rearview
