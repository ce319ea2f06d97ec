#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "camera/source/source.h"

namespace rearview::camera {

struct Rendered {
  std::uint64_t pictures = 0;
  double duration_s = 0;
};

/// Writes the source's pictures of the first duration_s into a raw H.264 file, as fast as the
/// source gives them. Ends early when stop says so (asked before each picture). Throws
/// std::runtime_error when the source fails or the file can't be written.
Rendered render(CodedSource& source, const std::filesystem::path& file, double duration_s,
                const std::function<bool()>& stop);

}  // namespace rearview::camera
