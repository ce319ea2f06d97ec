#include "receive/stream_url.h"

#include <string_view>

namespace rearview {

std::optional<Endpoint> tcp_address(const std::string& url) {
  constexpr std::string_view kScheme = "tcp://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  std::string_view rest = std::string_view(url).substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  return parse_endpoint(rest);
}

bool is_file(const std::string& url) {
  return url.starts_with("file:") || url.find("://") == std::string::npos;
}

std::string file_path(const std::string& url) {
  constexpr std::string_view kScheme = "file:";
  return url.starts_with(kScheme) ? url.substr(kScheme.size()) : url;
}

}  // namespace rearview
