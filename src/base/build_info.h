#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rearview {

/// Of the project, as in a release's name.
std::string_view version();
/// The commit that was built, with "-dirty" where something wasn't committed; "unknown" outside a
/// checkout.
std::string_view commit();

/// A library's name and the version that is used now.
using Library = std::pair<std::string_view, std::string>;
/// What --version says of a program: its name and version, the commit, the libraries.
std::string version_text(std::string_view program, const std::vector<Library>& libraries);

}  // namespace rearview
