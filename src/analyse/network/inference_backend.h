#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "base/config_reader.h"

namespace rearview {

/// How a network is run.
struct InferenceSettings {
  /// One of inference_backends(), or auto: the first of them that runs the model.
  std::string backend = "auto";
  int threads = 1;  ///< for one picture; opencv has cv::setNumThreads() instead
  /// Keep the memory of a network's layers for the next picture, instead of giving it back after
  /// each; opencv always does.
  bool memory_arena = true;

  /// Takes over the keys that are there: backend, threads, memory_arena. Throws UsageError, also
  /// for a backend that this program hasn't and for what the backend can't be told.
  void read(ConfigReader& config);
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
