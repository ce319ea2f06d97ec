#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nats/nats_access.h"

namespace rearview {

struct ArchiveOptions {
  std::vector<std::string> inputs;  ///< files, addresses, folders, @LIST
  std::filesystem::path out;        ///< folder of the results
  std::string shard;                ///< I/N; empty: all
  double before_s = 30;             ///< of the ride before a chunk that are analysed with it
  std::optional<double> fps;        ///< as AnalyzeOptions has it
  std::filesystem::path config;     ///< empty: defaults; the first camera's stages are used
};

struct ArchiveQueueOptions {
  NatsAccess nats;
  double ack_wait_s = 60;        ///< of a queue that is made: how long a worker may be silent
  int replicas = 1;              ///< of a queue that is made: servers that keep it
  std::uint64_t most_tries = 3;  ///< after which a job has failed
  bool again = false;            ///< submit: make those jobs again that have failed
  bool until_empty = false;      ///< work: end when nothing is left to do
  bool watch = false;            ///< status: until all is done
};

/// `rearview analyze --out`: makes those results that aren't there yet, one after the other. What
/// can't be analysed is told and left out; then the exit code is 1. A signal ends it without the
/// result that it is at. Throws UsageError before anything is analysed, and std::runtime_error.
int analyze_archive_command(const ArchiveOptions& options);

/// `rearview archive submit`: makes jobs of the inputs, and of those that have failed if asked to.
/// Returns and throws as the above.
int submit_command(const ArchiveOptions& options, const ArchiveQueueOptions& queue);

/// `rearview archive work`: takes one job after the other, and says that it is done when its result
/// is on the disk. One that fails is told, and told to the queue. A signal gives back the job that
/// it is at. Throws UsageError before the first is taken, and std::runtime_error.
int work_command(const ArchiveOptions& options, const ArchiveQueueOptions& queue);

/// `rearview archive status`: JSON on standard output; a line that moves on where --watch meets a
/// terminal. Throws UsageError and std::runtime_error.
int status_command(const ArchiveQueueOptions& queue);

}  // namespace rearview
