#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rearview::http {

/// Guards a server without a password against DNS rebinding: a page from elsewhere whose name was
/// made to point here still sends its own name as Host. Accepts IP addresses, localhost and names
/// under .localhost, names under .local (mDNS), this machine's own name, and the extra names.
class HostCheck {
 public:
  /// extra: further names; "*" accepts everything.
  explicit HostCheck(std::vector<std::string> extra);
  /// host: a Host header's value, port included or not.
  bool accepts(std::string_view host) const;

 private:
  std::vector<std::string> names_;
  bool everything_ = false;
};

/// The address over HTTPS of what was asked for over HTTP, at the same port. host: a Host header's
/// value; target: a request's, as sent. nullopt when host is not a name or address with or without
/// a port.
std::optional<std::string> https_address(std::string_view host, std::string_view target);

}  // namespace rearview::http
