#include "receive/receiver_config.h"

#include <fmt/core.h>

#include "base/error.h"
#include "receive/stream_url.h"

namespace rearview {

void ReceiverConfig::check(const ConfigReader& reader) const {
  check_backoff(reader, backoff_min_ms, backoff_max_ms);
  if (const std::string problem = url_problem(url); !problem.empty()) reader.fail("url", problem);
}

void ReceiverConfig::check(const std::string& source) const {
  if (const std::string problem = url_problem(url); !problem.empty())
    throw UsageError(fmt::format("{}: {}", source, problem));
}

}  // namespace rearview
