#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace rearview {

struct AnalyzeOptions {
  std::string input;             ///< tcp://host:port, a file, or a URL that libavformat opens
  std::optional<double> fps;     ///< of raw H.264; nullopt: as its SPS says, else 30
  std::string json;              ///< file for JSON lines, "-" for standard output, empty: none
  std::filesystem::path video;   ///< annotated MP4; empty: none
  std::filesystem::path config;  ///< empty: defaults; the first camera's stages are used
};

/// `rearview analyze`: one recording, as fast as it goes. Every message of the analysis goes to
/// json, in order; without json the alerts are printed for people. The same file and configuration
/// give the same lines to the byte: latencies, which differ from run to run, are null. Returns the
/// exit code; throws UsageError and std::runtime_error.
int analyze_command(const AnalyzeOptions& options);

}  // namespace rearview
