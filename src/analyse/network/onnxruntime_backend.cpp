#include "analyse/network/onnxruntime_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnxruntime_cxx_api.h>

#include <array>
#include <stdexcept>

#include "analyse/network/tuning.h"

namespace rearview {
namespace {

using namespace network_tuning::onnxruntime_backend;

/// Of a message of many lines and of stack traces, what says what is wrong.
std::string sentence(const std::string& message) {
  return message.substr(0, message.find('\n'));
}

Ort::SessionOptions options(const InferenceSettings& settings) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(settings.threads);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  options.SetDeterministicCompute(true);
  // Between two pictures its threads would burn what a battery has to give.
  options.AddConfigEntry("session.intra_op.allow_spinning", "0");
  if (!settings.memory_arena) options.DisableCpuMemArena();
  return options;
}

/// Says nothing by itself: what is wrong comes as an exception.
Ort::Env& environment() {
  static Ort::Env env = [] {
    Ort::Env quiet(ORT_LOGGING_LEVEL_FATAL, "rearview");
    quiet.DisableTelemetryEvents();
    return quiet;
  }();
  return env;
}

class OnnxRuntimeBackend : public InferenceBackend {
 public:
  OnnxRuntimeBackend(const InferenceSettings& settings, const std::filesystem::path& model,
                     cv::Size input)
      : shape_{1, 3, input.height, input.width},
        session_(load(settings, model)),
        memory_(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault)) {
    if (session_.GetInputCount() != 1)
      throw std::runtime_error(
          fmt::format("takes {} inputs, not one picture", session_.GetInputCount()));
    check_input();
    if (session_.GetOutputCount() == 0 || session_.GetOutputCount() > kMostOutputs)
      throw std::runtime_error(
          fmt::format("has {} outputs, not 1 to {}", session_.GetOutputCount(), kMostOutputs));
    const Ort::AllocatorWithDefaultOptions allocator;
    input_name_ = session_.GetInputNameAllocated(0, allocator).get();
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i)
      output_names_.emplace_back(session_.GetOutputNameAllocated(i, allocator).get());
    for (const std::string& name : output_names_) output_pointers_.push_back(name.c_str());
  }

  const std::vector<cv::Mat>& run(const cv::Mat& input) override {
    outputs_.clear();
    try {
      // The library takes no const memory, and doesn't write to it.
      auto* pixels = const_cast<float*>(input.ptr<float>());
      const Ort::Value picture = Ort::Value::CreateTensor<float>(memory_, pixels, input.total(),
                                                                 shape_.data(), shape_.size());
      const char* name = input_name_.c_str();
      values_ = session_.Run(Ort::RunOptions{nullptr}, &name, &picture, 1, output_pointers_.data(),
                             output_pointers_.size());
    } catch (const Ort::Exception& e) {
      throw std::runtime_error(fmt::format("doesn't run with input {}x{}: {}", shape_[3], shape_[2],
                                           sentence(e.what())));
    }
    for (std::size_t i = 0; i < values_.size(); ++i) outputs_.push_back(view(i));
    return outputs_;
  }

 private:
  static Ort::Session load(const InferenceSettings& settings, const std::filesystem::path& model) {
    try {
      return {environment(), model.c_str(), options(settings)};
    } catch (const Ort::Exception& e) {
      throw std::runtime_error(
          fmt::format("can't be loaded by onnxruntime: {}", sentence(e.what())));
    }
  }

  void check_input() const {
    const Ort::TypeInfo type = session_.GetInputTypeInfo(0);
    if (type.GetONNXType() != ONNX_TYPE_TENSOR ||
        type.GetTensorTypeAndShapeInfo().GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
      throw std::runtime_error("doesn't take a tensor of 32 bit floating point numbers");
    const std::vector<std::int64_t> sides = type.GetTensorTypeAndShapeInfo().GetShape();
    bool fits = sides.size() == shape_.size();
    for (std::size_t i = 0; fits && i < sides.size(); ++i)
      fits = sides[i] < 0 || sides[i] == shape_[i];  // below 0: free
    if (!fits)
      throw std::runtime_error(fmt::format("takes [{}], not [{}] as input {}x{} asks for",
                                           fmt::join(sides, ","), fmt::join(shape_, ","), shape_[3],
                                           shape_[2]));
  }

  /// The values of output number i, not copied.
  cv::Mat view(std::size_t i) {
    if (!values_[i].IsTensor())
      throw std::runtime_error(fmt::format("gives \"{}\", which is no tensor", output_names_[i]));
    const auto info = values_[i].GetTensorTypeAndShapeInfo();
    const std::vector<std::int64_t> sides = info.GetShape();
    if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || sides.size() < 2 ||
        sides.size() > kMostDimensions || info.GetElementCount() == 0)
      throw std::runtime_error(
          fmt::format("gives \"{}\" [{}], which is no table of 32 bit floating point numbers",
                      output_names_[i], fmt::join(sides, ",")));
    std::vector<int> sizes;
    for (const std::int64_t side : sides) sizes.push_back(cv::saturate_cast<int>(side));
    return {static_cast<int>(sizes.size()), sizes.data(), CV_32F,
            values_[i].GetTensorMutableData<float>()};
  }

  std::array<std::int64_t, 4> shape_;
  Ort::Session session_;
  Ort::MemoryInfo memory_;
  std::string input_name_;
  std::vector<std::string> output_names_;
  std::vector<const char*> output_pointers_;
  std::vector<Ort::Value> values_;
  std::vector<cv::Mat> outputs_;
};

}  // namespace

std::unique_ptr<InferenceBackend> make_onnxruntime_backend(const InferenceSettings& settings,
                                                           const std::filesystem::path& model,
                                                           cv::Size input) {
  return std::make_unique<OnnxRuntimeBackend>(settings, model, input);
}

std::string onnxruntime_backend_version() {
  return Ort::GetVersionString();
}

}  // namespace rearview
