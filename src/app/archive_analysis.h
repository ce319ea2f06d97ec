#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "archive/archive_job.h"
#include "archive/chunk_series.h"
#include "archive/result_folder.h"

namespace rearview {

/// The analysis of an archive's recordings, the same for the same job: latencies and the time of
/// day, which differ from run to run, are null in its lines. One thread.
class ArchiveAnalysis {
 public:
  /// The first camera's stages. Throws UsageError and std::runtime_error as make_stages() does.
  explicit ArchiveAnalysis(Config config);

  /// SHA-256 of all that decides what comes out but the recording: stages as they hold, models,
  /// what runs them, and kAnalysisVersion.
  const std::string& id() const { return id_; }

  /// Reads and hashes the recording and those chunks of its ride that its analysis needs. seen:
  /// asked between pieces; false ends it, with nullopt. Throws std::runtime_error.
  std::optional<ArchiveJob> job_of(const std::string& input, double before_s,
                                   std::optional<double> fps, const std::function<bool()>& seen);

  /// Analyses it and writes the result. files: the chunks before and the recording, on this
  /// machine. seen: gets the stream time of each picture; false ends it, without a result, and is
  /// returned. Throws std::runtime_error and UsageError.
  bool run(const ArchiveJob& job, const std::vector<std::string>& files, const ResultFolder& folder,
           const std::function<bool(double t_s)>& seen) const;

 private:
  std::optional<ChunkTimes> times_of(const std::string& input);
  const ArchiveSource* source_of(const std::string& input, const std::function<bool()>& seen);

  Config config_;
  nlohmann::ordered_json settings_;
  std::string id_;
  /// What neighbours ask for again.
  std::map<std::string, ArchiveSource> sources_;
  std::map<std::string, std::optional<ChunkTimes>> times_;
};

}  // namespace rearview
