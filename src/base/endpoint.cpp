#include "base/endpoint.h"

#include <fmt/core.h>

#include <charconv>

#include "base/error.h"

namespace rearview {

std::string Endpoint::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Endpoint parse_endpoint(std::string_view text) {
  const auto refuse = [&]() -> Endpoint {
    throw UsageError(fmt::format("\"{}\" is not HOST:PORT with a port from 0 to 65535", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos)) return refuse();

  Endpoint endpoint{std::string(host), 0};
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, endpoint.port);
  if (digits.empty() || error != std::errc{} || stopped != end) return refuse();
  return endpoint;
}

}  // namespace rearview
