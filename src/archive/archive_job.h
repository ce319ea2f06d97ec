#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rearview {

/// A recording, and what it has to hold.
struct ArchiveSource {
  std::string url;  ///< file:/…, http://… or https://…
  std::uint64_t bytes = 0;
  std::string sha256;  ///< 64 lower-case hexadecimal digits
};

/// One recording to analyse, with everything that decides what comes out.
struct ArchiveJob {
  ArchiveSource recording;
  std::vector<ArchiveSource> before;  ///< the chunks of its ride before it, oldest first
  double before_s = 0;                ///< how much of those is analysed to know what is on the road
  bool goes_on = false;               ///< a chunk of the same ride follows
  std::optional<double> fps;          ///< of raw H.264, where it is given
  std::string analysis;               ///< SHA-256 of settings, models and versions

  /// Of the result: SHA-256 of what all of this holds, wherever it lies. 64 lower-case hexadecimal
  /// digits.
  std::string name() const;
};

nlohmann::ordered_json to_json(const ArchiveJob& job);
/// Throws std::runtime_error with one sentence for what isn't such a job.
ArchiveJob archive_job_from_json(const nlohmann::json& json);

// What a job may be at most, and at least.
inline constexpr std::size_t kMostChunksBefore = 100;
inline constexpr double kLongestBefore_s = 600;
inline constexpr double kLeastFps = 1;
inline constexpr double kMostFps = 1000;

}  // namespace rearview
