#pragma once

#include <string>

namespace rearview {

/// The same with a '?' for each control character (C0, DEL, and C1 in UTF-8): what a file or a
/// stranger in the network calls itself must not drive the terminal.
std::string printable_text(std::string text);

}  // namespace rearview
