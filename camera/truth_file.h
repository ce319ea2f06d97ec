#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/worker.h"

namespace rearview::camera {

/// Keeps a file with the ground truth so far: at any time one whole JSON object on one line, as
/// `rearview eval` reads it. Replaced when there is news of an event, and in finish().
class TruthFile {
 public:
  /// input: what the truth belongs to, its "input". truth: called from a thread of its own.
  /// Throws UsageError when the file can't be written.
  TruthFile(std::filesystem::path file, std::string input,
            std::function<nlohmann::ordered_json()> truth);
  /// Ends the thread; writes nothing.
  ~TruthFile() = default;

  /// Starts to look for news once a second.
  void start();
  /// Writes the last state. Throws std::runtime_error when that fails.
  void finish();

 private:
  void watch(std::stop_token stop);
  void write(nlohmann::ordered_json truth) const;

  std::filesystem::path file_;
  std::string input_;
  std::function<nlohmann::ordered_json()> truth_;
  nlohmann::ordered_json events_written_;
  Worker worker_;
};

}  // namespace rearview::camera
