#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/request.h"
#include "site/access/access_config.h"
#include "site/access/credentials.h"

namespace rearview {

/// Decides for each request who asks and whether they may. Who asks is known by, in this order: a
/// token in `Authorization: Bearer`, one for this stream in the query (`?token=`), the cookie that
/// signing in gave; without any of them, by asking from this machine. I/O thread.
class Gate {
 public:
  /// credentials must outlive the gate.
  Gate(const AccessConfig& config, Credentials& credentials);

  /// What a request needs that isn't as usual: GET and HEAD need view, everything else admin.
  void require(std::string method, std::string path, Scope scope);

  /// Throws http::HttpError 401 for who is not known, 403 for who may only look and asks for more.
  /// Takes a stream's token out of the query, and lets a stream that the request opens go on for
  /// no longer than its token is not revoked.
  void admit(http::Request& request);

  struct Visitor {
    Scope scope = Scope::none;
    std::optional<Token> token;  ///< where they have one
  };
  Visitor visitor(const http::Request& request);

  /// A path with a token for it alone that lets anybody look for a minute, for players and <img>,
  /// which can't send a header. path: begins with /api/v1/. visitor: who asked for it; the stream
  /// ends when their token is revoked.
  std::string stream_path(std::string_view path, const Visitor& visitor) const;

  /// Requests that were turned away since the start.
  std::uint64_t refused() const { return refused_; }

  /// A cookie's Set-Cookie value, for a token's secret; empty: it is to be forgotten.
  static std::string cookie(std::string_view secret, bool https);

 private:
  Scope needed(const http::Request& request) const;
  bool opens_stream(http::Request& request);
  void admit_until_revoked(http::Request& request, std::string token);

  const AccessConfig config_;
  Credentials& credentials_;
  const std::string key_;  ///< signs stream tokens; a new one each start
  std::map<std::pair<std::string, std::string>, Scope> needs_;  ///< by method and path
  std::uint64_t refused_ = 0;
};

/// The address without its port, as delays go by it: IPv4, or the /64 network of an IPv6 address,
/// of which every host has billions. peer: address:port.
std::string address_of(std::string_view peer);

}  // namespace rearview
