#include "camera/daemon.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <utility>

#include "base/log.h"
#include "base/service_notify.h"

namespace rearview::camera {
namespace {

StreamServer::IdrPolicy idr_policy(const CameraConfig& config, CodedSource& source) {
  StreamServer::IdrPolicy policy;
  policy.fresh_s = config.encoder.min_forced_idr_ms / 1000.0;
  policy.request = [&source] { return source.request_idr(); };
  return policy;
}

constexpr std::chrono::seconds kBatteryLowShown{3};

/// Starts a program and doesn't wait for it.
void run_command(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);  // ours are blocked
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    log::error("board", "can't be run", {{"command", command[0]}, {"why", std::strerror(error)}});
}

}  // namespace

Daemon::Daemon(const CameraConfig& config, CodedSource& source, Termination& termination)
    : config_(config),
      source_(source),
      termination_(termination),
      board_(make_board(config.board)),
      power_(*board_),
      mode_(config.mode),
      led_(*board_, mode_),
      stream_(config.stream, idr_policy(config, source)) {
  const Worker::Failure count = [this](const std::string&) { ++thread_faults_; };
  if (!config.faults.empty()) {
    faults_.emplace(
        FaultScript::read(config.faults),
        FaultPlayer::Stream{
            [this](CodedPicturePtr picture) { stream_.publish(std::move(picture)); },
            [this] { stream_.disconnect_all(); },
            [this](bool anywhere) { stream_.set_join_anywhere(anywhere); },
            [this](std::optional<int> kbps) { stream_.set_rate_limit(kbps.value_or(0)); },
            [this] { source_.request_idr(); }});
    log::warning("faults", "the stream is spoiled on purpose",
                 {{"script", config.faults.string()}});
  }
  if (!config.record.folder.empty()) {
    recordings_.emplace(config.record.folder);
    thumbnailer_.emplace(*recordings_, count);
    recorder_.emplace(config.record, *recordings_, count, [this] { thumbnailer_->wake(); });
    recorder_->set_active(mode_.recording());
  }
  DeviceConfig device = config.device;
  if (!config.mdns.host.empty()) device.allowed_hosts.push_back(config.mdns.host + ".local");
  device_ =
      std::make_unique<DeviceApi>(device, loop_,
                                  DeviceParts{source_, progress_, stream_, mode_, *board_, led_,
                                              recordings_ ? &*recordings_ : nullptr,
                                              recorder_ ? &*recorder_ : nullptr, thread_faults_});
  if (config.mdns.enabled)
    announcer_ =
        std::make_unique<Announcer>(config.mdns, stream_.listening().port, device_->port());
  mode_timer_ = loop_.every(std::chrono::seconds(1), [this] { tick(); });
  if (config.board.kind == BoardKind::device)
    led_timer_ = loop_.every(StatusLed::kPeriod, [this] { led_.tick(); });
  loop_.start();

  const SourceInfo info = source.info();
  log::info("source", "opened",
            {{"source", info.name},
             {"codec", info.codec},
             {"width_px", info.width_px},
             {"height_px", info.height_px},
             {"fps", info.fps}});
  producer_.start(
      "produce", [this](std::stop_token stop) { produce(std::move(stop)); },
      [this](const std::string& reason) { termination_.fail(reason); });
}

Daemon::~Daemon() {
  announcer_.reset();
  producer_.stop();
  device_.reset();
  loop_.stop();
}

void Daemon::reload(const CameraConfig& now) {
  log::set_level(now.log_level);
  board_->simulate(now.board);
  RecordConfig record = now.record;
  record.folder = config_.record.folder;
  if (recorder_) recorder_->reconfigure(record);

  const auto changed = [](const char* part, bool differs) {
    if (differs) log::warning("config", "takes effect after a restart", {{"part", part}});
  };
  changed("source", now.source != config_.source);
  changed("scene", now.scene != config_.scene);
  changed("encoder", now.encoder != config_.encoder);
  changed("stream", now.stream != config_.stream);
  changed("record/folder", now.record.folder != config_.record.folder);
  changed("device", now.device != config_.device);
  changed("mode", now.mode != config_.mode);
  changed("mdns", now.mdns != config_.mdns);
  changed("faults", now.faults != config_.faults);
  changed("board/kind", now.board.kind != config_.board.kind);
  changed("board/shutdown_command", now.board.shutdown_command != config_.board.shutdown_command);
  log::info("config", "reloaded");
}

void Daemon::watch_power() {
  const SteadyTime now = SteadyClock::now();
  if (shutdown_at_) {
    if (now < *shutdown_at_) return;
    if (!config_.board.shutdown_command.empty()) run_command(config_.board.shutdown_command);
    kill(getpid(), SIGTERM);
    return;
  }
  const PowerWatch::Need need = power_.look();
  if (need == PowerWatch::Need::none) return;
  const bool battery = need == PowerWatch::Need::battery;
  log::warning("board", "shutting down", {{"why", battery ? "battery low" : "button"}});
  if (battery) led_.set_battery_low();
  shutdown_at_ = now + (battery ? kBatteryLowShown : std::chrono::seconds(0));
}

// A producer that hangs for another reason than a source that is being tried again is not fed for.
void Daemon::feed_watchdog() const {
  static const auto period = watchdog_period();
  if (!period) return;
  const auto silent_s = progress_.silent_s();
  const double allowed_s = std::chrono::duration<double>(*period).count() / 2;
  if (source_.problem() || (silent_s && *silent_s < allowed_s))
    notify_service_manager("WATCHDOG=1");
}

void Daemon::tick() {
  watch_power();
  feed_watchdog();
  mode_.tick(stream_.client_count());
  if (!recorder_) return;
  const bool record = mode_.recording();
  if (record && !recorder_->status().active) source_.request_idr();
  recorder_->set_active(record);
}

void Daemon::produce(std::stop_token stop) {
  std::uint64_t dropped = 0;
  SteadyTime next_report = SteadyClock::now();
  while (auto picture = source_.next(stop)) {
    const auto shared = std::make_shared<const CodedPicture>(std::move(*picture));
    if (mode_.streaming()) {
      if (faults_) {
        faults_->publish(shared);
      } else {
        stream_.publish(shared);
      }
    }
    if (recorder_) recorder_->publish(shared);
    progress_.picture();
    if (SteadyClock::now() < next_report) continue;
    next_report = SteadyClock::now() + std::chrono::seconds(1);
    const std::uint64_t dropped_now = source_.dropped();
    if (dropped_now != dropped)
      log::warning("source", "too slow, pictures left out", {{"pictures", dropped_now - dropped}});
    dropped = dropped_now;
  }
}

}  // namespace rearview::camera
