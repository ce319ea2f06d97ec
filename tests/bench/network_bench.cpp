// Milliseconds of CPU that each backend takes for a picture, one thread, the backends in turn.
//   network_bench MODEL.onnx WIDTHxHEIGHT [MODEL.onnx WIDTHxHEIGHT ...]
// Prints fastest and median of 200 pictures each; asserts nothing.

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "analyse/network/inference_backend.h"

namespace rearview {
namespace {

constexpr int kRounds = 20;
constexpr int kPicturesARound = 10;

double cpu_ms() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

struct Contender {
  BackendName name;
  std::unique_ptr<InferenceBackend> network;
  std::vector<double> took_ms;
};

void measure(const char* model, cv::Size size) {
  std::vector<Contender> contenders;
  for (const BackendName& name : inference_backends()) {
    InferenceSettings settings;
    settings.backend = name.name;
    contenders.push_back({name, load_network(settings, model, size), {}});
  }
  cv::Mat picture(std::vector<int>{1, 3, size.height, size.width}, CV_32F);
  cv::RNG(1).fill(picture, cv::RNG::UNIFORM, 0, 255);
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& contender : contenders) {
      for (int i = 0; i < kPicturesARound; ++i) {
        const double before = cpu_ms();
        contender.network->run(picture);
        contender.took_ms.push_back(cpu_ms() - before);
      }
    }
  }
  for (Contender& contender : contenders) {
    std::sort(contender.took_ms.begin(), contender.took_ms.end());
    fmt::print("{} {}x{}  {:<12} {:<8} fastest {:6.2f} ms   median {:6.2f} ms\n", model, size.width,
               size.height, contender.name.name, contender.name.version, contender.took_ms.front(),
               contender.took_ms[contender.took_ms.size() / 2]);
  }
}

}  // namespace
}  // namespace rearview

int main(int count, char** arguments) {
  cv::setNumThreads(1);
  try {
    for (int i = 1; i + 1 < count; i += 2) {
      cv::Size size;
      if (std::sscanf(arguments[i + 1], "%dx%d", &size.width, &size.height) != 2 ||
          size.width < 1 || size.height < 1) {
        fmt::print(stderr, "network_bench: \"{}\" is not WIDTHxHEIGHT\n", arguments[i + 1]);
        return 2;
      }
      rearview::measure(arguments[i], size);
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "network_bench: {}\n", e.what());
    return 1;
  }
}
