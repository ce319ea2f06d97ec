#include "http/host_check.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "http/request.h"

namespace rearview::http {
namespace {

/// For a Host that is no known address, the interfaces are asked again, but not more often.
constexpr std::chrono::seconds kBetweenLooks{1};

/// The address as inet_ntop writes it; nullopt where it is none.
std::optional<std::string> address_of(const std::string& text) {
  std::array<char, INET6_ADDRSTRLEN> written{};
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1)
    return inet_ntop(AF_INET, &four, written.data(), written.size());
  if (inet_pton(AF_INET6, text.c_str(), &six) == 1)
    return inet_ntop(AF_INET6, &six, written.data(), written.size());
  return std::nullopt;
}

bool is_address(const std::string& text) {
  return address_of(text).has_value();
}

std::vector<std::string> addresses_of_interfaces() {
  std::vector<std::string> found;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    std::array<char, INET6_ADDRSTRLEN> written{};
    // The socket interface wants the casts.
    const void* address =
        family == AF_INET
            ? static_cast<const void*>(
                  &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr)  // NOLINT
            : &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;    // NOLINT
    if (::inet_ntop(family, address, written.data(), written.size()))
      found.emplace_back(written.data());
  }
  ::freeifaddrs(all);
  return found;
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

HostCheck::HostCheck(const std::string& listening, std::vector<std::string> extra)
    : names_(std::move(extra)) {
  everything_ = std::find(names_.begin(), names_.end(), "*") != names_.end();
  names_.emplace_back("localhost");
  if (!is_address(listening)) names_.push_back(listening);
  std::array<char, 256> own{};
  if (gethostname(own.data(), own.size() - 1) != 0 || own[0] == '\0') return;
  const std::string name(own.data());
  names_.push_back(name);
  names_.push_back(name.substr(0, name.find('.')) + ".local");  // as mDNS calls it
}

bool HostCheck::accepts(std::string_view host) {
  if (everything_) return true;
  std::string name;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(1, end - 1);
    if (!is_address(name)) return false;
  } else {
    name = host.substr(0, host.find(':'));
  }
  if (name.ends_with('.')) name.pop_back();
  if (ends_with_label(name, "localhost")) return true;
  if (std::any_of(names_.begin(), names_.end(),
                  [&name](const std::string& known) { return equal_ignoring_case(known, name); }))
    return true;
  const auto address = address_of(name);
  return address && is_of_this_machine(*address);
}

bool HostCheck::is_of_this_machine(const std::string& address) {
  if (address.starts_with("127.")) return true;
  const auto known = [&] {
    return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
  };
  if (known()) return true;
  const SteadyTime now = SteadyClock::now();
  if (looked_at_ && now - *looked_at_ < kBetweenLooks) return false;
  looked_at_ = now;
  addresses_ = addresses_of_interfaces();
  return known();
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
