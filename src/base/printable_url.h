#pragma once

#include <string>

namespace rearview {

/// The text with user and password of an address in it replaced: scheme://***@host. For messages,
/// logs and answers; what is no address stays as it is.
std::string printable_url(const std::string& url);

}  // namespace rearview
