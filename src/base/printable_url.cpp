#include "base/printable_url.h"

#include <algorithm>

namespace rearview {

std::string printable_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t start = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", start), url.size());
  const std::size_t query = std::min(url.find_first_of("?#", start), url.size());
  const std::string shown =
      query + 1 < url.size() ? url.substr(0, query + 1) + "***" : url;  // tokens, mostly
  const std::size_t at = shown.rfind('@', end);
  if (at == std::string::npos || at < start) return shown;
  return shown.substr(0, start) + "***" + shown.substr(at);
}

}  // namespace rearview
