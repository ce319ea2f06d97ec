// The age of a decoded picture of a running rearview-camera whose scene.time_code is on, and the
// time from connecting to the first picture.
//   stream_age_bench URL [SECONDS]

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "receive/receiver.h"

namespace rearview {
namespace {

using Unit = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;

/// Reads the stamp that camera/source/time_code.h describes.
std::optional<double> age_ms(const cv::Mat& luma) {
  constexpr int kBits = 40, kMargin_px = 20, kAboveEdge_px = 36;
  const auto now = static_cast<std::uint32_t>(
      std::chrono::floor<Unit>(SteadyClock::now().time_since_epoch()).count());
  const int side = (luma.cols - 2 * kMargin_px) / kBits;
  std::uint64_t code = 0;
  for (int bit = 0; bit < kBits; ++bit)
    code = code << 1 | (luma.at<std::uint8_t>(luma.rows - kAboveEdge_px + side / 2,
                                              kMargin_px + bit * side + side / 2) > 127);
  const auto units = static_cast<std::uint32_t>(code >> 8);
  if (((units >> 24) + (units >> 16 & 255) + (units >> 8 & 255) + (units & 255)) % 256 !=
      (code & 255))
    return std::nullopt;
  return static_cast<double>(now - units) / 10;
}

void run(const std::string& url, double seconds) {
  constexpr std::chrono::seconds kPatience(30);
  std::vector<double> ages;
  std::optional<double> first_ms;
  std::promise<void> enough;
  bool told = false;
  const SteadyTime start = SteadyClock::now();
  ReceiverConfig config;
  config.url = url;
  Receiver receiver(
      config,
      [&](const FramePtr& frame) {
        const double now_ms = ms_between(start, SteadyClock::now());
        if (!first_ms) first_ms = now_ms;
        if (const auto age = age_ms(frame->luma())) ages.push_back(*age);
        if (now_ms - *first_ms > 1000 * seconds && !std::exchange(told, true)) enough.set_value();
      },
      [](const LinkEvent&) {});
  std::jthread thread([&](std::stop_token stop) { receiver.run(stop); });
  enough.get_future().wait_for(kPatience + std::chrono::duration<double>(seconds));
  thread.request_stop();
  thread.join();
  std::sort(ages.begin(), ages.end());
  if (ages.empty()) {
    fmt::print("{:<44} no stamp could be read\n", "rearview's receiver, decoded");
    return;
  }
  const auto at = [&](double share) {
    return ages[static_cast<std::size_t>(share * static_cast<double>(ages.size() - 1))];
  };
  fmt::print(
      "{:<44} p50 {:6.1f} ms   p95 {:6.1f} ms   connect to first picture {:6.0f} ms   ({} "
      "pictures)\n",
      "rearview's receiver, decoded", at(0.5), at(0.95), *first_ms, ages.size());
}

}  // namespace
}  // namespace rearview

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: stream_age_bench URL [SECONDS]\n");
    return 2;
  }
  rearview::log::set_level(rearview::log::Level::warning);
  rearview::run(argv[1], argc > 2 ? std::atof(argv[2]) : 10);
}
