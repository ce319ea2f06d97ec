#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace rearview {

/// The recorder cuts a ride into chunks: log0001.mkv, log0002.mkv and so on, in one folder.
struct ChunkTimes {
  std::optional<WallTime> created;  ///< as the container says
  std::optional<double> duration_s;
};

/// What belongs to the same ride as a chunk.
struct ChunkSeries {
  std::vector<std::string> before;  ///< oldest first: so many that they last for before_s
  double skip_s = 0;                ///< of the first of them isn't needed
  bool goes_on = false;             ///< a chunk follows
};

/// name: path or address of a recording; what isn't named as a chunk has no series. times: of a
/// chunk, nullopt where there is none of that name or it can't be read. A ride ends where a number
/// is missing, or where by their containers more than 5 s lie between the end of a chunk and the
/// beginning of the next; where those don't tell, numbers alone decide.
ChunkSeries chunk_series(const std::string& name, double before_s,
                         const std::function<std::optional<ChunkTimes>(const std::string&)>& times);

}  // namespace rearview
