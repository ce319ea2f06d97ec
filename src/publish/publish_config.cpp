#include "publish/publish_config.h"

#include <fmt/format.h>
#include <sys/un.h>

#include "base/error.h"

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

void PublishConfig::read(ConfigReader& reader) {
  reader.object("ndjson", [this](ConfigReader& inner) { ndjson.read(inner); });
}

}  // namespace rearview
