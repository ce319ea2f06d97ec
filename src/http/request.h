#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rearview::http {

/// One request, read whole and checked. Values live as long as the handler's call.
struct Request {
  std::string method;      ///< as sent, for example "GET"
  std::string target;      ///< as sent
  std::string path;        ///< percent-decoded
  std::string query_text;  ///< what follows '?', as sent; empty without one
  std::vector<std::pair<std::string, std::string>> query;    ///< decoded, '+' is a space
  std::vector<std::pair<std::string, std::string>> params;   ///< the route's {name}s, decoded
  std::vector<std::pair<std::string, std::string>> headers;  ///< in the order sent
  std::string body;
  std::string peer;                ///< address:port
  bool from_this_machine = false;  ///< the peer's address is a loopback address
  bool http_1_0 = false;
  /// Set by whoever admits the request: whether a stream that it opens may go on. Asked several
  /// times a second on the I/O thread; must not wait. Empty: it may.
  std::function<bool()> still_admitted;

  /// The first header of that name (any case).
  std::optional<std::string_view> header(std::string_view name) const;
  /// The first query value of that name.
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// The route parameter of that name; empty if the route has none.
  std::string_view param(std::string_view name) const;
};

/// Decodes %XX, and '+' where asked. nullopt for a bad escape or an escaped NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// Splits a request target (origin or absolute form) into request.path, query_text and query.
/// Returns false when it can't be decoded.
bool parse_target(std::string_view target, Request& request);

/// The request asks for a WebSocket, in the one version there is (RFC 6455, 13).
bool wants_web_socket(const Request& request);

/// ASCII comparison that ignores case, as header names and host names want it.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace rearview::http
