#include "receive/stream_url.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/printable_url.h"

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

std::string url_problem(const std::string& url) {
  constexpr const char* kRight =
      "a camera's address is tcp://HOST:PORT (raw H.264), rtsp://…, http://… or the like";
  constexpr std::array<std::string_view, 11> kSchemes{
      "tcp", "rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "srt", "udp", "rtp", "file"};
  if (url.empty()) return "no camera address";
  if (is_file(url)) {
    const std::string path = file_path(url);
    std::error_code error;
    if (path.empty()) return "no file name";
    // A clock time in a recording's name is no port; a name that isn't there may be one.
    if (url.find('/') != std::string::npos || path.find(':') == std::string::npos ||
        std::filesystem::exists(path, error))
      return {};
    return fmt::format("there is no file of this name; {}", kRight);
  }
  const std::string scheme = url.substr(0, url.find("://"));
  if (std::ranges::find(kSchemes, scheme) == kSchemes.end())
    return fmt::format("\"{}\" is no protocol that is known here; {}", scheme, kRight);
  try {
    if (const auto address = tcp_address(url); address && address->port == 0)
      return "port 0 can't be connected to";
  } catch (const UsageError& error) {
    // It may quote a password.
    const std::string shown = printable_url(url);
    return shown == url ? error.what() : fmt::format("\"{}\" is not tcp://HOST:PORT", shown);
  }
  return {};
}

}  // namespace rearview
