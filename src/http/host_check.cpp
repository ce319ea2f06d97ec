#include "http/host_check.h"

#include <arpa/inet.h>
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

}  // namespace rearview::http
