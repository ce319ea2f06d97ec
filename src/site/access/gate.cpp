#include "site/access/gate.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/clock.h"
#include "base/sha256.h"
#include "http/response.h"
#include "site/access/secret.h"

namespace rearview {
namespace {

using http::HttpError;
using http::Request;

constexpr std::string_view kCookie = "rearview";
constexpr std::string_view kBearer = "Bearer ";
constexpr int kCookieLasts_s = 400 * 24 * 3600;  // the most that browsers keep one (RFC 6265bis)
constexpr int kStreamTokenLasts_s = 60;

std::int64_t unix_now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch())
      .count();
}

std::optional<std::string_view> bearer(const Request& request) {
  const auto header = request.header("Authorization");
  if (!header || header->size() <= kBearer.size() ||
      !http::equal_ignoring_case(header->substr(0, kBearer.size()), kBearer))
    return std::nullopt;
  return header->substr(kBearer.size());
}

std::optional<std::string_view> cookie_of(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (!http::equal_ignoring_case(name, "Cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      if (pair.size() > kCookie.size() && pair.starts_with(kCookie) && pair[kCookie.size()] == '=')
        return pair.substr(kCookie.size() + 1);
    }
  }
  return std::nullopt;
}

std::string signed_text(std::string_view path, std::string_view ends, std::string_view issuer) {
  return fmt::format("{} {} {}", ends, issuer, path);
}

}  // namespace

Gate::Gate(const AccessConfig& config, Credentials& credentials)
    : config_(config), credentials_(credentials), key_(random_secret(32)) {
  if (config_.open_health) {
    require("GET", "/healthz", Scope::none);
    require("GET", "/readyz", Scope::none);
  }
  if (config_.open_metrics) require("GET", "/metrics", Scope::none);
}

void Gate::require(std::string method, std::string path, Scope scope) {
  needs_[{std::move(method), std::move(path)}] = scope;
}

Scope Gate::needed(const Request& request) const {
  const bool looks = request.method == "GET" || request.method == "HEAD";
  const auto it = needs_.find({looks ? "GET" : request.method, request.path});
  if (it != needs_.end()) return it->second;
  return looks ? Scope::view : Scope::admin;
}

void Gate::admit(Request& request) {
  const Scope need = needed(request);
  const bool by_stream_token = opens_stream(request);
  std::erase_if(request.query, [](const auto& one) { return one.first == "token"; });
  if (need == Scope::none || (need == Scope::view && by_stream_token)) return;
  const auto [scope, token] = visitor(request);
  if (scope >= need) {
    if (token) admit_until_revoked(request, token->id);
    return;
  }
  ++refused_;
  if (scope == Scope::view)
    throw HttpError(403, "this token may only look: ask for one with the scope admin");
  throw HttpError(401,
                  "a token is needed (Authorization: Bearer …), or sign in on the page; "
                  "'rearview serve --pair' lets a device in");
}

Gate::Visitor Gate::visitor(const Request& request) {
  if (config_.insecure) return {Scope::admin, std::nullopt};
  // Who shows a token is judged by it: a wrong one must not pass for somebody on this machine.
  const auto header = bearer(request);
  if (const auto secret = header ? header : cookie_of(request)) {
    auto token = credentials_.find(*secret);
    if (token) return {token->scope, std::move(token)};
    if (header) return {};
  }
  const bool forwarded = request.header("Forwarded") || request.header("X-Forwarded-For");
  if (config_.this_machine && request.from_this_machine && !forwarded)
    return {Scope::admin, std::nullopt};
  return {};
}

void Gate::admit_until_revoked(Request& request, std::string token) {
  request.still_admitted = [&credentials = credentials_, token = std::move(token)] {
    return credentials.holds(token);
  };
}

std::string Gate::stream_path(std::string_view path, const Visitor& visitor) const {
  const std::string ends = std::to_string(unix_now_s() + kStreamTokenLasts_s);
  const std::string issuer = visitor.token ? visitor.token->id : std::string();
  return fmt::format("{}?token={}.{}.{}", path, ends, issuer,
                     hmac_hex(key_, signed_text(path, ends, issuer)));
}

bool Gate::opens_stream(Request& request) {
  const auto token = request.query_value("token");
  if (!token) return false;
  const std::size_t first = token->find('.');
  const std::size_t last = token->rfind('.');
  if (first == std::string_view::npos || first == last) return false;
  const std::string_view ends = token->substr(0, first);
  const std::string issuer(token->substr(first + 1, last - first - 1));
  std::int64_t ends_s = 0;
  const auto [end, error] = std::from_chars(ends.data(), ends.data() + ends.size(), ends_s);
  if (error != std::errc() || end != ends.data() + ends.size() || ends_s < unix_now_s())
    return false;
  if (!equal_in_constant_time(token->substr(last + 1),
                              hmac_hex(key_, signed_text(request.path, ends, issuer))))
    return false;
  if (issuer.empty()) return true;
  admit_until_revoked(request, issuer);
  return request.still_admitted();
}

std::string Gate::cookie(std::string_view secret, bool https) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", kCookie, secret,
                     secret.empty() ? 0 : kCookieLasts_s, https ? "; Secure" : "");
}

std::string address_of(std::string_view peer) {
  std::string address(peer.substr(0, peer.rfind(':')));
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  in6_addr six{};
  if (inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), &six) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return address.substr(address.rfind(':') + 1);
  if (!IN6_IS_ADDR_LINKLOCAL(&six)) std::fill_n(six.s6_addr + 8, 8, std::uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &six, text.data(), text.size());
  return text.data();
}

}  // namespace rearview
