#pragma once

#include <string>

namespace rearview {

/// The text with what an address in it may hold of secrets replaced: user and password, and
/// everything from the ? or # on: scheme://***@host/path?***. For messages, logs and answers; what
/// is no address stays as it is.
std::string printable_url(const std::string& url);

}  // namespace rearview
