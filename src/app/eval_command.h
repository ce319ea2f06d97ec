#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rearview {

struct EvalOptions {
  std::vector<std::filesystem::path> truths;
  std::filesystem::path config;  ///< empty: defaults; the first camera's stages are used
  std::size_t jobs = 1;          ///< clips scored at the same time
  std::string json;              ///< file for the scores, "-" for standard output, empty: none
};

/// `rearview eval`: analyses the recording of each truth file, each with stages of its own, and
/// scores what comes out (evaluate/clip_scorer.h). Prints a table, unless the JSON goes to standard
/// output. All truths are read before the first recording is. Returns the exit code; a signal ends
/// it without scores. Throws UsageError and std::runtime_error.
int eval_command(const EvalOptions& options);

}  // namespace rearview
