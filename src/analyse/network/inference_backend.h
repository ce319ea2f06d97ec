#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "base/setting.h"

namespace rearview {

/// How a network is run.
struct InferenceSettings {
  std::string backend = "auto";
  int threads = 1;
  bool memory_arena = true;

  static void read_backend(ConfigReader& reader, const Setting& row, InferenceSettings& settings);
  static constexpr auto settings() {
    using S = InferenceSettings;
    return std::array{
        setting<read_backend>("backend",
                              "What runs the network; auto is the fastest that can; `rearview "
                              "models list` names those that the program was built with."),
        setting<&S::threads>("threads", {1, 64},
                             "Threads for one picture; only for onnxruntime, opencv has "
                             "opencv_threads."),
        setting<&S::memory_arena>("memory_arena",
                                  "Keep the network's memory from picture to picture; false, only "
                                  "for onnxruntime, gives it back after each."),
    };
  }
  /// Throws UsageError also for a backend that this program hasn't and for what it can't be told.
  void check(const ConfigReader& reader) const;
};

/// A library that runs networks, with one network loaded. One thread at a time. The same network
/// and input give the same output each time.
class InferenceBackend {
 public:
  virtual ~InferenceBackend() = default;

  /// input: 1 x 3 x height x width, CV_32F, as large as the constructor was told. The outputs
  /// (CV_32F) stand in the model's order and live until the next run. Throws std::runtime_error,
  /// which says after "model <file> " what is wrong.
  virtual const std::vector<cv::Mat>& run(const cv::Mat& input) = 0;
};

/// Name and version of the backends that this program was built with, the fastest first.
struct BackendName {
  std::string name;
  std::string version;
};
const std::vector<BackendName>& inference_backends();

/// Loads an ONNX file for pictures of this size. Throws std::runtime_error as run() does.
std::unique_ptr<InferenceBackend> load_network(const InferenceSettings& settings,
                                               const std::filesystem::path& model, cv::Size input);

}  // namespace rearview
