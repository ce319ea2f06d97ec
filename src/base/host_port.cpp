#include "base/host_port.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace rearview {

HostPort parse_host_port(std::string_view text, std::string_view what) {
  HostPort parsed;
  const auto colon = text.rfind(':');
  bool good = colon != std::string_view::npos && colon > 0;
  if (good) {
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    else
      good = host.find_first_of(":[]/ ") == std::string_view::npos;
    parsed.host = host;
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
    good = good && error == std::errc() && end == port.data() + port.size();
  }
  if (!good)
    throw UsageError(fmt::format(
        "{}: \"{}\" is not HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080", what, text));
  return parsed;
}

}  // namespace rearview
