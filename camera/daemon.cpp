#include "camera/daemon.h"

#include <exception>
#include <functional>
#include <utility>

#include "base/log.h"

namespace rearview::camera {
namespace {

StreamServer::IdrPolicy idr_policy(const CameraConfig& config, CodedSource& source) {
  StreamServer::IdrPolicy policy;
  policy.fresh_s = config.encoder.min_forced_idr_ms / 1000.0;
  if (source.info().can_force_idr) policy.request = [&source] { source.request_idr(); };
  return policy;
}

}  // namespace

Daemon::Daemon(const CameraConfig& config, CodedSource& source, Termination& termination)
    : source_(source),
      termination_(termination),
      stream_(config.stream, idr_policy(config, source)) {
  const SourceInfo info = source.info();
  log::info("source", "opened",
            {{"source", info.name},
             {"codec", info.codec},
             {"width_px", info.width_px},
             {"height_px", info.height_px},
             {"fps", info.fps}});
  producer_ = std::jthread([this](std::stop_token stop) { produce(stop); });
}

Daemon::~Daemon() {
  producer_.request_stop();
  producer_.join();
}

void Daemon::produce(std::stop_token stop) {
  try {
    std::uint64_t dropped = 0;
    SteadyTime next_report = SteadyClock::now();
    while (auto picture = source_.next(stop)) {
      stream_.publish(std::make_shared<const CodedPicture>(std::move(*picture)));
      if (SteadyClock::now() < next_report) continue;
      next_report = SteadyClock::now() + std::chrono::seconds(1);
      const std::uint64_t dropped_now = source_.dropped();
      if (dropped_now != dropped)
        log::warning("source", "too slow, pictures left out",
                     {{"pictures", dropped_now - dropped}});
      dropped = dropped_now;
    }
  } catch (const std::exception& e) {
    termination_.fail(e.what());
  }
}

}  // namespace rearview::camera
