#include "http/site_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "http/response.h"

namespace rearview::http {
namespace {

constexpr std::string_view kSecHeaders = "Sec-";

/// What stands between the scheme and the path of an address; empty without a scheme, as in "null".
std::string_view authority_of(std::string_view address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string_view::npos) return {};
  address.remove_prefix(scheme + 3);
  return address.substr(0, address.find_first_of("/?#"));
}

/// The scheme tells nothing: Python's websocket-client says http over TLS, and a proxy may have
/// taken the TLS off.
bool is_ours(std::string_view address, const Request& request) {
  const std::string_view authority = authority_of(address);
  return !authority.empty() &&
         equal_ignoring_case(authority, request.header("Host").value_or(std::string_view()));
}

/// What in the request only browsers send; nullopt when there is nothing. Every browser calls
/// itself Mozilla; what it accepts for an image or a page is no tool's.
std::optional<std::string_view> browsers_sign(const Request& request) {
  if (request.header("User-Agent").value_or("").starts_with("Mozilla/")) return "its User-Agent";
  const std::string_view accept = request.header("Accept").value_or("");
  if (accept.starts_with("image/") || accept.find("application/xhtml+xml") != accept.npos)
    return "its Accept";
  if (request.header("Upgrade-Insecure-Requests")) return "its Upgrade-Insecure-Requests";
  const auto is_sec = [](const auto& header) {
    return equal_ignoring_case(header.first.substr(0, kSecHeaders.size()), kSecHeaders) &&
           !equal_ignoring_case(header.first.substr(0, 13), "Sec-WebSocket");
  };
  if (std::any_of(request.headers.begin(), request.headers.end(), is_sec))
    return "its Sec- headers";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> other_site(const Request& request,
                                      const std::vector<std::string>& origins) {
  const auto named = [&origins](std::string_view one) {
    return std::find(origins.begin(), origins.end(), one) != origins.end();
  };
  if (named("*")) return std::nullopt;
  if (const auto origin = request.header("Origin")) {
    if (is_ours(*origin, request) || named(*origin)) return std::nullopt;
    return fmt::format("pages of {} may not do this here", *origin);
  }
  // A page of the same site is another one's as well: it may be served at another port.
  const auto site = request.header("Sec-Fetch-Site");
  if (site == "same-origin" || site == "none") return std::nullopt;
  if (site) return fmt::format("a page of another site may not do this here ({})", *site);
  if (const auto referer = request.header("Referer")) {
    if (is_ours(*referer, request)) return std::nullopt;
    return fmt::format("pages of {} may not do this here", authority_of(*referer));
  }
  if (const auto sign = browsers_sign(request))
    return fmt::format(
        "a browser that doesn't say which page asks may not do this here ({}); curl "
        "and apps may",
        *sign);
  return std::nullopt;
}

void refuse_other_sites(const Request& request, const std::vector<std::string>& origins) {
  if (const auto why = other_site(request, origins)) throw HttpError(403, *why);
}

}  // namespace rearview::http
