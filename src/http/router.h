#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "http/request.h"
#include "http/responder.h"
#include "http/response.h"

namespace rearview::http {

/// Runs on the I/O thread and must not block: answers at once through the responder, or keeps it
/// and answers later. An HttpError thrown is answered with its status, any other exception with
/// 500.
using Handler = std::function<void(const Request&, Responder)>;

/// Method and path to handler. Filled before the server starts, then only read.
class Router {
 public:
  /// pattern: "/api/v1/cameras/{name}/analysis"; {name} takes one whole segment, percent-decoded.
  /// A route for GET answers HEAD as well. The handler is a Handler or, for an answer at once,
  /// Response(const Request&).
  template <typename F>
  void add(std::string method, std::string_view pattern, F handler) {
    if constexpr (std::is_invocable_r_v<Response, F, const Request&>) {
      add_route(std::move(method), pattern,
                [handler = std::move(handler)](const Request& request, Responder responder) {
                  responder.respond(handler(request));
                });
    } else {
      add_route(std::move(method), pattern, std::move(handler));
    }
  }
  template <typename F>
  void get(std::string_view pattern, F handler) {
    add("GET", pattern, std::move(handler));
  }

  /// Called with every request before its route is looked for; may change it, or refuse it by an
  /// HttpError.
  void before(std::function<void(Request&)> check) { before_ = std::move(check); }

  /// For what no route answers. allowed: the methods other routes of this path have ("GET, HEAD"),
  /// empty for an unknown path. Without a fallback: 404, or 405 with Allow.
  void fallback(std::function<Response(const Request&, const std::string& allowed)> handler) {
    fallback_ = std::move(handler);
  }

  /// Finds the route and fills request.params; calls the handler or throws HttpError 404. For 405
  /// the Allow value is set in allowed before HttpError is thrown.
  void dispatch(Request& request, Responder responder, std::string& allowed) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  ///< "{name}" for a parameter
    Handler handler;
  };
  void add_route(std::string method, std::string_view pattern, Handler handler);

  std::vector<Route> routes_;
  std::function<void(Request&)> before_;
  std::function<Response(const Request&, const std::string&)> fallback_;
};

}  // namespace rearview::http
