#include "receive/receiver_config.h"

#include <fmt/core.h>

#include "base/error.h"
#include "receive/stream_url.h"

namespace rearview {
void ReceiverConfig::read(ConfigReader& reader) {
  reader.text("url", url, 1, 1024);
  reader.number("connect_timeout_ms", connect_timeout_ms, 100, 60'000);
  reader.number("read_timeout_ms", read_timeout_ms, 100, 60'000);
  reader.number("picture_timeout_ms", picture_timeout_ms, 500, 600'000);
  reader.number("backoff_min_ms", backoff_min_ms, 10, 60'000);
  reader.number("backoff_max_ms", backoff_max_ms, 10, 600'000);
  reader.number("quiet_flush_ms", quiet_flush_ms, 0.0, 1000.0);
  reader.number("decoder_threads", decoder_threads, 1, 16);
  reader.number("file_fps", file_fps, 0.0, 240.0);
  if (backoff_max_ms < backoff_min_ms)
    reader.fail("backoff_max_ms", fmt::format("less than backoff_min_ms ({})", backoff_min_ms));
  if (const std::string problem = url_problem(url); !problem.empty()) reader.fail("url", problem);
}

void ReceiverConfig::check(const std::string& source) const {
  if (const std::string problem = url_problem(url); !problem.empty())
    throw UsageError(fmt::format("{}: {}", source, problem));
}

}  // namespace rearview
