#include "http/host_check.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "http/request.h"

namespace rearview::http {
namespace {

bool is_address(const std::string& text) {
  in_addr four{};
  in6_addr six{};
  return inet_pton(AF_INET, text.c_str(), &four) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &six) == 1;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_of_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_';
}

bool ends_with_label(std::string_view name, std::string_view label) {
  return name.size() > label.size() + 1 && name[name.size() - label.size() - 1] == '.' &&
         equal_ignoring_case(name.substr(name.size() - label.size()), label);
}

}  // namespace

HostCheck::HostCheck(std::vector<std::string> extra) : names_(std::move(extra)) {
  everything_ = std::find(names_.begin(), names_.end(), "*") != names_.end();
  names_.emplace_back("localhost");
  std::array<char, 256> own{};
  if (gethostname(own.data(), own.size() - 1) == 0 && own[0] != '\0')
    names_.emplace_back(own.data());
}

bool HostCheck::accepts(std::string_view host) const {
  if (everything_) return true;
  std::string name;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(1, end - 1);
    return is_address(name);
  }
  name = host.substr(0, host.find(':'));
  if (name.ends_with('.')) name.pop_back();
  if (is_address(name)) return true;
  if (ends_with_label(name, "local") || ends_with_label(name, "localhost")) return true;
  return std::any_of(names_.begin(), names_.end(), [&name](const std::string& known) {
    return equal_ignoring_case(known, name);
  });
}

std::optional<std::string> https_address(std::string_view host, std::string_view target) {
  // Only what is a host and a port gets into the address: anything else might lead elsewhere.
  const std::size_t end =
      host.starts_with('[') ? host.find(']') + 1 : std::min(host.find(':'), host.size());
  const std::string name(host.substr(0, end));
  std::string_view port = host.substr(end);
  if (name.starts_with('[')) {
    if (name.size() < 3 || !is_address(name.substr(1, name.size() - 2))) return std::nullopt;
  } else if (name.empty() || !std::all_of(name.begin(), name.end(), is_of_name)) {
    return std::nullopt;
  }
  if (port.empty()) port = ":80";  // where plain HTTP was asked
  if (port.size() < 2 || port.size() > 6 || !std::all_of(port.begin() + 1, port.end(), is_digit))
    return std::nullopt;
  if (const std::size_t scheme = target.find("://");
      !target.starts_with('/') && scheme != std::string_view::npos) {
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? std::string_view() : target.substr(path);
  }
  std::string address = fmt::format("https://{}{}", name, port);
  if (!target.starts_with('/')) address += '/';
  if (target != "*") address += target;
  return address;
}

}  // namespace rearview::http
