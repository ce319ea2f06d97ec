#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "store/clip_ring.h"

namespace rearview {

/// What a clip's file turned out to hold.
struct ClipFacts {
  int width_px = 0;
  int height_px = 0;
  /// Of each picture in the file, from its start, in the order of display; as many as units were
  /// given to the file.
  std::vector<double> times_s;
};

/// Drops what one file can't hold: pictures behind a change of the stream's parameter sets, or
/// those before it when the change comes before `important_s` (stream time).
void keep_one_format(Footage& footage, double important_s);

/// Writes the pictures as they came, not encoded again, to an MP4 (avc1, the index in front) whose
/// time stamps are those of their arrival. Throws std::runtime_error when they can't be muxed or
/// the disk doesn't take them; the file is then the caller's to delete.
ClipFacts write_clip(const std::filesystem::path& file, const Footage& footage);

/// The clip's sidecar (docs/http-api.md): what was seen in each analysed picture of it.
std::string sidecar_json(std::uint64_t alert, const std::string& camera, const Footage& footage,
                         const ClipFacts& facts);

}  // namespace rearview
