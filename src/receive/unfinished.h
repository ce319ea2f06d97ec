#pragma once

#include <string>

#include "receive/input_file.h"

namespace rearview {

/// Why libavformat can't use a file, where that can be told from its bytes: half a sentence behind
/// the file's name, or nothing.
std::string why_unreadable(const InputFile& file);

}  // namespace rearview
