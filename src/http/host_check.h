#pragma once

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

}  // namespace rearview::http
