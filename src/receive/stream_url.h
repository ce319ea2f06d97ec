#pragma once

#include <optional>
#include <string>

#include "base/endpoint.h"

namespace rearview {

/// The address in tcp://HOST:PORT; nullopt for any other URL. Throws UsageError when what follows
/// tcp:// is not HOST:PORT.
std::optional<Endpoint> tcp_address(const std::string& url);

/// Whether it names a file: no scheme, or file:.
bool is_file(const std::string& url);
/// The path in it, without file:.
std::string file_path(const std::string& url);

/// Why it can be neither a camera's address nor a recording's name, as half a sentence that says
/// what would be right; empty when it can.
std::string url_problem(const std::string& url);

}  // namespace rearview
