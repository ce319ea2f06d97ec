#pragma once

#include "analyse/network/inference_backend.h"

namespace rearview {

/// Runs networks with OpenCV, on as many threads as it is allowed in the process
/// (cv::setNumThreads).
std::unique_ptr<InferenceBackend> make_opencv_backend(const InferenceSettings& settings,
                                                      const std::filesystem::path& model,
                                                      cv::Size input);
std::string opencv_backend_version();

}  // namespace rearview
