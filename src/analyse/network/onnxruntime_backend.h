#pragma once

#include "analyse/network/inference_backend.h"

namespace rearview {

/// Runs networks with ONNX Runtime on the CPU, on threads of its own beyond the first.
std::unique_ptr<InferenceBackend> make_onnxruntime_backend(const InferenceSettings& settings,
                                                           const std::filesystem::path& model,
                                                           cv::Size input);
std::string onnxruntime_backend_version();

}  // namespace rearview
