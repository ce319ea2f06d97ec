#include "receive/stream_url.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/printable_url.h"

namespace rearview {
namespace {

bool is_port(std::string_view digits) {
  std::uint16_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, port);
  return error == std::errc() && stopped == end && port > 0;
}

/// What is wrong with the part that names the host; nothing of it is quoted, as it may hold a
/// password. rest: behind ://.
std::string host_problem(std::string_view scheme, std::string_view rest) {
  // These may wait for whoever sends.
  constexpr std::array<std::string_view, 3> kMayListen{"udp", "rtp", "srt"};
  const auto is_blank = [](unsigned char c) { return c <= ' ' || c == 127; };
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos)
    rest.remove_prefix(at + 1);
  if (std::ranges::any_of(rest, is_blank))
    return "there is a blank in its host; without it, it would be right";
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string_view::npos) return "the bracket of its host isn't closed: [IPV6]:PORT";
  const std::size_t colon = rest.find(':', bracket);
  const std::string_view host = rest.substr(0, colon);
  if (bracket > 0 && host.size() != bracket + 1)
    return "something other than :PORT stands behind the bracket of its host";
  if (colon != std::string_view::npos && !is_port(rest.substr(colon + 1)))
    return "the port behind its host is no number from 1 to 65535 (IPv6 hosts stand in brackets)";
  const bool none = host.empty() || host == "[]";
  const bool listens =
      colon != std::string_view::npos && std::ranges::find(kMayListen, scheme) != kMayListen.end();
  if (none && !listens) return fmt::format("it names no host; right is {}://HOST…", scheme);
  return {};
}

}  // namespace

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
  return host_problem(scheme, std::string_view(url).substr(scheme.size() + 3));
}

}  // namespace rearview
