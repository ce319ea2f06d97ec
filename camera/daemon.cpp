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
      board_(make_board(config.board)),
      mode_(config.mode),
      led_(*board_, mode_),
      stream_(config.stream, idr_policy(config, source)) {
  if (!config.record.folder.empty()) {
    recordings_.emplace(config.record.folder);
    thumbnailer_.emplace(*recordings_);
    recorder_.emplace(config.record, *recordings_, [this] { thumbnailer_->wake(); });
    recorder_->set_active(mode_.recording());
  }
  device_ = std::make_unique<DeviceApi>(
      config.device, loop_,
      DeviceParts{source_, progress_, stream_, mode_, *board_, led_,
                  recordings_ ? &*recordings_ : nullptr, recorder_ ? &*recorder_ : nullptr});
  mode_timer_ = loop_.every(std::chrono::seconds(1), [this] { tick(); });
  led_timer_ = loop_.every(StatusLed::kPeriod, [this] { led_.tick(); });
  loop_.start();

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
  device_.reset();
  loop_.stop();
}

void Daemon::tick() {
  mode_.tick(stream_.client_count());
  if (!recorder_) return;
  const bool record = mode_.recording();
  if (record && !recorder_->status().active) source_.request_idr();
  recorder_->set_active(record);
}

void Daemon::produce(std::stop_token stop) {
  try {
    std::uint64_t dropped = 0;
    SteadyTime next_report = SteadyClock::now();
    while (auto picture = source_.next(stop)) {
      const auto shared = std::make_shared<const CodedPicture>(std::move(*picture));
      if (mode_.streaming()) stream_.publish(shared);
      if (recorder_) recorder_->publish(shared);
      progress_.picture();
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
