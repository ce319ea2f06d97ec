#include "analyse/network/opencv_backend.h"

#include <fmt/core.h>

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/core/version.hpp>
#include <opencv2/dnn.hpp>
#include <stdexcept>

namespace rearview {
namespace {

/// OpenCV prints what it throws; the exception is enough.
class QuietOpenCv {
 public:
  QuietOpenCv() : before_(cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT)) {}
  ~QuietOpenCv() { cv::utils::logging::setLogLevel(before_); }
  QuietOpenCv(const QuietOpenCv&) = delete;
  QuietOpenCv& operator=(const QuietOpenCv&) = delete;

 private:
  cv::utils::logging::LogLevel before_;
};

class OpenCvBackend : public InferenceBackend {
 public:
  OpenCvBackend(const std::filesystem::path& model, cv::Size input) : size_(input) {
    const QuietOpenCv quiet;
    try {
      net_ = cv::dnn::readNetFromONNX(model.string());
      net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
      net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
      output_names_ = net_.getUnconnectedOutLayersNames();
      // OpenCV finds out only now whether the layers fit together.
      run(cv::Mat(std::vector<int>{1, 3, input.height, input.width}, CV_32F, cv::Scalar(0)));
    } catch (const cv::Exception& e) {
      fail(e);
    }
  }

  const std::vector<cv::Mat>& run(const cv::Mat& input) override {
    try {
      net_.setInput(input);
      net_.forward(outputs_, output_names_);
    } catch (const cv::Exception& e) {
      fail(e);
    }
    return outputs_;
  }

 private:
  [[noreturn]] void fail(const cv::Exception& e) const {
    throw std::runtime_error(fmt::format("doesn't run with input {}x{}: {}", size_.width,
                                         size_.height, e.err.substr(0, e.err.find('\n'))));
  }

  cv::Size size_;
  cv::dnn::Net net_;
  std::vector<std::string> output_names_;
  std::vector<cv::Mat> outputs_;
};

}  // namespace

std::unique_ptr<InferenceBackend> make_opencv_backend(const InferenceSettings& /*settings*/,
                                                      const std::filesystem::path& model,
                                                      cv::Size input) {
  return std::make_unique<OpenCvBackend>(model, input);
}

std::string opencv_backend_version() {
  return CV_VERSION;
}

}  // namespace rearview
