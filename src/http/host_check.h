#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace rearview::http {

/// Guards against DNS rebinding: a page from elsewhere whose name was made to point here still
/// sends its own name as Host. Accepts localhost and names under .localhost, this machine's own
/// name with and without .local, the addresses of its interfaces, and the names it is given. Loop's
/// thread only.
class HostCheck {
 public:
  /// listening: what the server listens on, accepted where it is a name. extra: further names and
  /// addresses; "*" accepts everything.
  HostCheck(const std::string& listening, std::vector<std::string> extra);
  /// host: a Host header's value, port included or not.
  bool accepts(std::string_view host);

 private:
  bool is_of_this_machine(const std::string& address);

  std::vector<std::string> names_;
  std::vector<std::string> addresses_;   ///< of the interfaces, as inet_ntop writes them
  std::optional<SteadyTime> looked_at_;  ///< interfaces come and go
  bool everything_ = false;
};

/// The address over HTTPS of what was asked for over HTTP, at the same port. host: a Host header's
/// value; target: a request's, as sent. nullopt when host is not a name or address with or without
/// a port.
std::optional<std::string> https_address(std::string_view host, std::string_view target);

}  // namespace rearview::http
