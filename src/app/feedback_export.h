#pragma once

#include <filesystem>

#include "store/archive_file.h"

namespace rearview {

/// Writes a ZIP file with all clips of which a rider said something: the clip, its sidecar and a
/// ground truth made of the marks, side by side. No position and no time of day goes into it.
/// folder: the archive's, for messages. Returns the number of clips. Throws UsageError when there
/// is none, and std::runtime_error.
std::size_t write_feedback(const ArchiveFile& archive, const std::filesystem::path& folder,
                           const std::filesystem::path& out);

}  // namespace rearview
