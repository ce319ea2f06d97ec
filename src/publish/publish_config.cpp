#include "publish/publish_config.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <set>

#include "base/error.h"
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

void WebhookConfig::read(ConfigReader& reader) {
  reader.text("name", name, 0, 32);
  const bool fit = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!fit) reader.fail("name", fmt::format("\"{}\" is not 1 to 32 of a-z, 0-9, - and _", name));
  reader.secret("url", url, 0, 2048);  // whoever knows it can post
  if (const std::string problem = HttpPost::problem_of(url); !problem.empty())
    reader.fail("url", fmt::format("\"{}\": {}", url, problem));
  reader.path("secret_file", secret_file);
  if (!secret_file.empty()) WebhookSignature check(secret_file);
  reader.path("ca_file", ca_file);
  reader.number("timeout_ms", timeout_ms, 100, 60'000);
  reader.number("backoff_min_ms", backoff_min_ms, 10, 60'000);
  reader.number("backoff_max_ms", backoff_max_ms, 10, 3'600'000);
  if (backoff_max_ms < backoff_min_ms)
    reader.fail("backoff_max_ms", fmt::format("less than backoff_min_ms ({})", backoff_min_ms));
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
}

}  // namespace rearview
