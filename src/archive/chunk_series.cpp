#include "archive/chunk_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "archive/archive_job.h"

namespace rearview {
namespace {

constexpr double kLongestPause_s = 5;

/// The chunk that comes so many after this one; nullopt for what isn't named as a chunk.
std::optional<std::string> neighbour(const std::string& name, int step) {
  static const std::regex kChunk(R"(^((?:.*/)?log)(\d{4,9})(\.\w+)$)");
  std::smatch parts;
  if (!std::regex_match(name, parts, kChunk)) return std::nullopt;
  const long number = std::stol(parts[2]) + step;
  if (number < 0) return std::nullopt;
  return fmt::format("{}{:04}{}", parts[1].str(), number, parts[3].str());
}

bool is_pause(const ChunkTimes& first, const ChunkTimes& second) {
  if (!first.created || !first.duration_s || !second.created) return false;
  const std::chrono::duration<double> apart = *second.created - *first.created;
  return apart.count() - *first.duration_s > kLongestPause_s;
}

}  // namespace

ChunkSeries chunk_series(
    const std::string& name, double before_s,
    const std::function<std::optional<ChunkTimes>(const std::string&)>& times) {
  ChunkSeries series;
  const auto next = neighbour(name, 1);
  if (!next || before_s <= 0) return series;
  auto later = times(name);
  if (!later) return series;
  const auto next_times = times(*next);
  series.goes_on = next_times && !is_pause(*later, *next_times);

  double reached_s = 0;
  auto chunk = neighbour(name, -1);
  while (chunk && reached_s < before_s && series.before.size() < kMostChunksBefore) {
    const auto earlier = times(*chunk);
    if (!earlier || is_pause(*earlier, *later)) break;
    series.before.insert(series.before.begin(), *chunk);
    // One that doesn't say how long it is was cut off; all of it counts, and none of its time.
    reached_s += earlier->duration_s.value_or(0);
    later = earlier;
    chunk = neighbour(*chunk, -1);
  }
  series.skip_s = std::max(0.0, reached_s - before_s);
  return series;
}

}  // namespace rearview
