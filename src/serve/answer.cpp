#include "serve/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "types/json.h"

namespace rearview {
namespace {

/// origin: scheme, host and port as browsers send them; host: of the request. The scheme tells
/// nothing: Python's websocket-client says http over TLS, and a proxy may have taken the TLS off.
bool same_origin(std::string_view origin, std::string_view host) {
  const std::size_t scheme = origin.find("://");
  return scheme != std::string_view::npos &&
         http::equal_ignoring_case(origin.substr(scheme + 3), host);
}

}  // namespace

http::Response fresh_json(const nlohmann::ordered_json& json, int status) {
  return http::json(dump(json) + "\n", status).header("Cache-Control", "no-store");
}

void refuse_other_sites(const http::Request& request, const std::vector<std::string>& origins) {
  const auto origin = request.header("Origin");
  if (!origin || same_origin(*origin, request.header("Host").value_or("")) ||
      std::find(origins.begin(), origins.end(), "*") != origins.end() ||
      std::find(origins.begin(), origins.end(), *origin) != origins.end())
    return;
  throw http::HttpError(403, fmt::format("pages of {} may not do this here", *origin));
}

}  // namespace rearview
