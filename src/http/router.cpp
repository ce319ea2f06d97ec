#include "http/router.h"

#include <algorithm>
#include <optional>

namespace rearview::http {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(const std::string& segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

using Params = std::vector<std::pair<std::string, std::string>>;

std::optional<Params> match(const std::vector<std::string>& pattern,
                            const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Params params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_parameter(pattern[i])) {
      if (pattern[i] != path[i]) return std::nullopt;
    } else {
      if (path[i].empty()) return std::nullopt;
      params.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
    }
  }
  return params;
}

/// Segments of the path as sent, each decoded on its own, so that an escaped slash stays inside
/// its segment.
std::vector<std::string> path_segments(const Request& request) {
  std::string_view raw = request.target;
  raw = raw.substr(0, raw.find('?'));
  if (!raw.starts_with('/')) return split(request.path);
  std::vector<std::string> segments = split(raw);
  for (std::string& segment : segments) segment = percent_decode(segment, false).value_or("");
  return segments;
}

}  // namespace

void Router::add_route(std::string method, std::string_view pattern, Handler handler) {
  routes_.push_back({std::move(method), split(pattern), std::move(handler)});
}

void Router::dispatch(Request& request, Responder responder, std::string& allowed) const {
  if (before_) before_(request);
  const std::vector<std::string> path = path_segments(request);
  const std::string wanted = request.method == "HEAD" ? "GET" : request.method;
  std::vector<std::string> methods;
  for (const Route& route : routes_) {
    auto params = match(route.segments, path);
    if (!params) continue;
    if (route.method == wanted) {
      request.params = std::move(*params);
      route.handler(request, std::move(responder));
      return;
    }
    methods.push_back(route.method);
    if (route.method == "GET") methods.push_back("HEAD");
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  for (const std::string& method : methods) allowed += (allowed.empty() ? "" : ", ") + method;
  if (fallback_) {
    responder.respond(fallback_(request, allowed));
    return;
  }
  if (allowed.empty()) throw HttpError(404, "there is nothing at " + request.path);
  throw HttpError(405, request.path + " answers " + allowed + " only");
}

}  // namespace rearview::http
