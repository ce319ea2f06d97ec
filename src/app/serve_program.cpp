#include "app/serve_program.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/build_info.h"
#include "base/error.h"
#include "base/log.h"
#include "base/log_loss.h"
#include "render/jpeg_encoder.h"
#include "render/overlay.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

/// Of stored pictures; those of viewers have a setting of their own.
constexpr int kSnapshotQuality = 85;

std::vector<std::string> names_of(const Config& config) {
  std::vector<std::string> names;
  for (const CameraConfig& camera : config.cameras) names.push_back(camera.name);
  return names;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json health_of(const Radar& radar) {
  const RadarStatus status = radar.status();
  return {{"on_air", status.on_air},
          {"listening", status.listening},
          {"problem", text_or_null(status.problem)}};
}

Json health_of(const PositionSource& position) {
  const PositionStatus status = position.status();
  return {{"connected", status.connected},
          {"known", status.fix},
          {"problem", text_or_null(status.problem)}};
}

void log_alert(const Alert& alert) {
  const AlertVehicle* vehicle = alert.vehicle();
  const auto* approach = std::get_if<AlertApproach>(&alert.about);
  log::info(
      "alert", name(alert.kind),
      {{"id", alert.id},
       {"camera", alert.camera},
       {"level", name(alert.level)},
       {"track", vehicle ? vehicle->track_id : 0},
       {"ttc_s", approach && approach->ttc_s ? fmt::format("{:.1f}", *approach->ttc_s) : "unknown"},
       {"side", name(vehicle ? vehicle->side : Side::unknown)},
       {"text", alert.text}});
}

EventRecorder::Draw snapshot_drawer() {
  return [encoder = std::make_shared<JpegEncoder>(kSnapshotQuality)](const Frame& frame,
                                                                     const Analysis& analysis) {
    return encoder->encode(draw_overlay(frame, analysis));
  };
}

/// Certificates are exchanged while it runs.
ServeConfig without_tls(ServeConfig config) {
  config.site.tls = {};
  return config;
}

void needs_restart(const char* part) {
  log::warning("config", "takes effect after a restart", {{"part", part}});
}

}  // namespace

ServeProgram::ServeProgram(Config config, MadeStages stages)
    : config_(std::move(config)),
      alerts_(config_.store, counted("store")),
      rides_(alerts_),
      position_(config_.gps.enabled ? std::make_shared<PositionSource>(config_.gps) : nullptr),
      radar_(config_.radar.enabled ? std::make_shared<Radar>(config_.radar) : nullptr),
      service_(config_.serve, names_of(config_), alerts_, [this] { return statuses(); }),
      // What was delivered is remembered beside the alerts that it counts.
      publisher_(config_.publish, names_of(config_),
                 alerts_.is_anothers() ? std::filesystem::path() : config_.store.folder, alerts_),
      recorder_(config_.store, alerts_, names_of(config_), snapshot_drawer(), counted("recorder")),
      to_service_(service_),
      to_publisher_(publisher_),
      to_recorder_(recorder_),
      bus_(kMostCameras,
           [this](const Alert& alert, const Annotated& seen) { return keep(alert, seen); }) {
  alerts_.on_change([this](const AlertUpdate& update) { service_.publish_update(update); });
  alerts_.on_missed([this](const MissedUpdate& update) { service_.publish_missed(update); });
  alerts_.on_footage([this](const Missed& moment) { return recorder_.missed(moment); });
  alerts_.on_alert([this](const KeptAlert& alert) {
    log_alert(alert);
    service_.publish_alert(std::make_shared<const KeptAlert>(alert));
    publisher_.publish_alert();
  });
  // In this order each hears of everything; the recorder's files are told of behind their alert.
  bus_.add(rides_);
  bus_.add(to_service_);
  bus_.add(to_recorder_);
  bus_.add(to_publisher_);
  if (radar_) bus_.add(*(to_radar_ = std::make_unique<RadarListener>(*radar_)));
  for (std::size_t i = 0; i < config_.cameras.size(); ++i) {
    to_publisher_.name(i, config_.cameras[i].name);
    cameras_.push_back({config_.cameras[i], std::move(stages.settings[i]), i, nullptr});
    make_pipeline(cameras_.back(), std::move(stages.stages[i]));
  }
  add_reports();
  add_parts();
}

ServeProgram::~ServeProgram() {
  stop();
}

void ServeProgram::add_reports() {
  service_.show_settings_schema(schema_of<Config>());
  service_.show_settings(settings());
  service_.on_heartbeat([this](const HeartbeatPtr& heartbeat) {
    publisher_.publish_heartbeat(heartbeat);
    const MutexLock lock(mutex_);
    beat_ = SteadyClock::now();
  });
  const auto radar = [this] {
    const MutexLock lock(mutex_);
    return radar_;
  };
  const auto position = [this] {
    const MutexLock lock(mutex_);
    return position_;
  };
  service_.add_metrics([this] { return publisher_.metrics(); });
  service_.add_metrics([radar] {
    const auto now = radar();
    return now ? now->metrics() : std::vector<Metric>();
  });
  service_.add_metrics([position] {
    const auto now = position();
    return now ? now->metrics() : std::vector<Metric>();
  });
  service_.add_metrics([this] {
    const MutexLock lock(mutex_);
    const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
    std::vector<Metric> all{
        {"rearview_build_info",
         "gauge",
         "What was built; always 1.",
         {{"version", std::string(version())}, {"commit", std::string(commit())}},
         1},
        {"rearview_log_dropped_total",
         "counter",
         "Lines of the log that standard error didn't take.",
         {},
         number(log::dropped())},
        {"rearview_config_reloads_total",
         "counter",
         "Configurations taken over while running.",
         {},
         number(reloads_)},
        {"rearview_config_refused_total",
         "counter",
         "Configurations that couldn't be taken over.",
         {},
         number(refusals_)},
        {"rearview_config_current",
         "gauge",
         "0 while the newest configuration couldn't be taken over.",
         {},
         config_problem_.empty() ? 1.0 : 0.0}};
    for (const auto& [part, count] : faults_)
      all.push_back({"rearview_faults_total",
                     "counter",
                     "Times a thread of this part failed and began again.",
                     {{"part", part}},
                     number(count)});
    return all;
  });
  service_.add_health("radar", [radar]() -> Json {
    const auto now = radar();
    return now ? health_of(*now) : Json();
  });
  service_.add_health("position", [position]() -> Json {
    const auto now = position();
    return now ? health_of(*now) : Json();
  });
  service_.add_health("config", [this]() -> Json {
    const MutexLock lock(mutex_);
    return {{"source", config_.source}, {"problem", text_or_null(config_problem_)}};
  });
}

void ServeProgram::add_parts() {
  parts_.add({[this] { service_.start(); }, [this] { service_.stop(); }});
  parts_.add({[this] { publisher_.start(counted("publish")); }, [this] { publisher_.stop(); }});
  parts_.add({[this] {
                if (radar_) radar_->start(counted("radar"));
              },
              [this] {
                if (radar_) radar_->stop();
              }});
  parts_.add({[this] { start_position(); },
              [this] {
                if (position_) position_->stop();
              }});
  // A radar that leaves the air may take its time.
  parts_.add({[] {},
              [this] {
                if (radar_) radar_->ask_to_stop();
              }});
  parts_.add({[this] {
                for (Camera& camera : cameras_) camera.pipeline->start();
              },
              [this] {
                for (Camera& camera : cameras_) camera.pipeline->stop();
              }});
}

Worker::Failure ServeProgram::counted(const std::string& part) {
  const MutexLock lock(mutex_);
  faults_.try_emplace(part, 0);
  return [this, part](const std::string&) {
    const MutexLock counting(mutex_);
    ++faults_[part];
  };
}

void ServeProgram::start() {
  parts_.start();
}

void ServeProgram::stop() {
  parts_.stop();
}

AlertPtr ServeProgram::keep(const Alert& raised, const Annotated& seen) {
  if (seen.analysis) rides_.analysis(0, seen.analysis);
  Alert alert = raised;
  std::shared_ptr<PositionSource> position;
  bool locate = false;
  {
    const MutexLock lock(mutex_);
    position = position_;
    locate = config_.gps.locate_alerts;
  }
  if (const auto rider = position ? position->now() : std::nullopt) {
    alert.rider_speed_mps = rider->speed_mps;
    if (locate) alert.position = rider->position;
  }
  auto kept = std::make_shared<const KeptAlert>(alerts_.append(std::move(alert)));
  log_alert(*kept);
  return kept;
}

std::vector<CameraStatus> ServeProgram::statuses() const {
  const MutexLock lock(mutex_);
  std::vector<CameraStatus> all;
  for (const Camera& camera : cameras_) all.push_back(camera.pipeline->status());
  return all;
}

bool ServeProgram::lives(SteadyTime now) const {
  const MutexLock lock(mutex_);
  return seconds_between(beat_, now) < kHung_s &&
         std::all_of(cameras_.begin(), cameras_.end(),
                     [now](const Camera& camera) { return camera.pipeline->lives(now); });
}

nlohmann::ordered_json ServeProgram::settings() const {
  std::vector<nlohmann::ordered_json> stages;
  for (const Camera& camera : cameras_) stages.push_back(camera.stages);
  return effective_settings(config_, stages);
}

std::vector<std::string> ServeProgram::names_by_place() const {
  std::vector<std::string> names(kMostCameras);
  for (const Camera& camera : cameras_) names.at(camera.place) = camera.config.name;
  return names;
}

ServeProgram::Camera* ServeProgram::find_camera(const std::string& name) {
  const auto found = std::find_if(cameras_.begin(), cameras_.end(),
                                  [&](const Camera& camera) { return camera.config.name == name; });
  return found == cameras_.end() ? nullptr : &*found;
}

// Its connections go on being counted, so that none is taken for another.
void ServeProgram::make_pipeline(Camera& camera, std::vector<std::unique_ptr<Stage>> stages) {
  const auto before = epochs_.find(camera.config.name);
  camera.pipeline = std::make_unique<CameraPipeline>(camera.config, camera.place, std::move(stages),
                                                     bus_, counted("camera " + camera.config.name),
                                                     before == epochs_.end() ? 0 : before->second);
}

void ServeProgram::start_position() {
  if (!position_) return;
  position_->on_fix([this, keep = config_.gps.keep_track](const RiderFix& fix) {
    alerts_.rider_moved(fix, keep);
  });
  position_->start(counted("position"));
}

void ServeProgram::exchange_camera(Camera& camera, const CameraConfig& config,
                                   std::vector<std::unique_ptr<Stage>> stages,
                                   nlohmann::ordered_json settings) {
  camera.pipeline->stop();
  epochs_[config.name] = camera.pipeline->epoch();
  Camera next{config, std::move(settings), camera.place, nullptr};
  make_pipeline(next, std::move(stages));
  MutexLock lock(mutex_);
  std::swap(camera, next);
  lock.unlock();
  camera.pipeline->start();
  log::info("config", "camera exchanged", {{"camera", config.name}});
}

void ServeProgram::add_camera(const CameraConfig& config,
                              std::vector<std::unique_ptr<Stage>> stages,
                              nlohmann::ordered_json settings) {
  const std::vector<std::string> taken = names_by_place();
  const auto place =
      static_cast<std::size_t>(std::find(taken.begin(), taken.end(), "") - taken.begin());
  Camera next{config, std::move(settings), place, nullptr};
  make_pipeline(next, std::move(stages));
  to_publisher_.name(place, config.name);
  recorder_.exchange_camera(place, config.name);
  MutexLock lock(mutex_);
  cameras_.push_back(std::move(next));
  lock.unlock();
  service_.exchange_cameras(names_by_place());
  cameras_.back().pipeline->start();
  log::info("config", "camera added", {{"camera", config.name}});
}

void ServeProgram::remove_camera(const std::string& name) {
  Camera& camera = *find_camera(name);
  camera.pipeline->stop();
  epochs_[name] = camera.pipeline->epoch();
  // What was last known of its road doesn't stand for longer than it is watched.
  auto last = std::make_shared<Analysis>();
  last->camera = name;
  last->epoch = epochs_[name];
  last->time = WallClock::now();
  last->road = Road::no_signal;
  last->text = "the camera was taken out of the configuration";
  bus_.put(camera.place, std::move(last));
  bus_.deliver(camera.place);
  to_publisher_.name(camera.place, "");
  recorder_.exchange_camera(camera.place, "");
  MutexLock lock(mutex_);
  const Camera gone = std::move(camera);
  std::erase_if(cameras_, [](const Camera& one) { return !one.pipeline; });
  faults_.erase("camera " + name);
  lock.unlock();
  service_.exchange_cameras(names_by_place());
  log::info("config", "camera removed", {{"camera", name}});
}

void ServeProgram::order_cameras(const std::vector<std::string>& names) {
  const auto number = [&](const Camera& camera) {
    return std::find(names.begin(), names.end(), camera.config.name) - names.begin();
  };
  const MutexLock lock(mutex_);
  std::sort(cameras_.begin(), cameras_.end(),
            [&](const Camera& a, const Camera& b) { return number(a) < number(b); });
}

void ServeProgram::exchange_radar(const RadarConfig& now) {
  if (to_radar_) bus_.remove(*to_radar_);
  to_radar_.reset();
  if (radar_) radar_->stop();
  auto next = now.enabled ? std::make_shared<Radar>(now) : nullptr;
  {
    const MutexLock lock(mutex_);
    std::swap(radar_, next);
  }
  if (!radar_) return;
  radar_->start(counted("radar"));
  to_radar_ = std::make_unique<RadarListener>(*radar_);
  bus_.add(*to_radar_);
}

void ServeProgram::exchange_position(const PositionConfig& now) {
  if (position_) position_->stop();
  auto next = now.enabled ? std::make_shared<PositionSource>(now) : nullptr;
  {
    const MutexLock lock(mutex_);
    std::swap(position_, next);
    config_.gps = now;
  }
  start_position();
}

void ServeProgram::reload(const Config& now) {
  struct News {
    const CameraConfig* config;
    std::vector<std::unique_ptr<Stage>> stages;
    Json settings;
  };
  // What can be refused is refused before anything is touched.
  std::vector<News> news;
  for (const CameraConfig& camera : now.cameras) {
    const Camera* running = find_camera(camera.name);
    if (running && running->config == camera) continue;
    News& one = news.emplace_back(News{&camera, {}, {}});
    one.stages = make_stages(now, camera, &one.settings);
  }
  const auto identity = now.serve.site.tls.identity();
  const bool https = service_.https();

  if (now.opencv_threads != config_.opencv_threads) needs_restart("opencv_threads");
  if (now.store != config_.store) needs_restart("store");
  if (without_tls(now.serve) != without_tls(config_.serve)) needs_restart("serve");
  if (https != (identity != nullptr)) needs_restart("serve/tls, from HTTP to HTTPS or back");

  log::set_level(now.log_level);
  config_.log_level = now.log_level;
  if (https && identity) {
    service_.exchange_identity(identity);
    config_.serve.site.tls = now.serve.site.tls;
  }
  const std::vector<std::string> names = names_of(now);
  for (const std::string& name : names_of(config_)) {
    if (std::find(names.begin(), names.end(), name) == names.end()) remove_camera(name);
  }
  for (News& one : news) {
    if (Camera* running = find_camera(one.config->name))
      exchange_camera(*running, *one.config, std::move(one.stages), std::move(one.settings));
    else
      add_camera(*one.config, std::move(one.stages), std::move(one.settings));
  }
  order_cameras(names);
  config_.cameras = now.cameras;
  if (now.gps != config_.gps) exchange_position(now.gps);
  if (now.radar != config_.radar) {
    exchange_radar(now.radar);
    config_.radar = now.radar;
  }
  std::string problem;
  try {
    publisher_.reconfigure(now.publish, names);
    config_.publish = now.publish;
  } catch (const std::exception& error) {
    problem = error.what();
  }
  service_.show_settings(settings());
  if (!problem.empty()) throw UsageError(problem);
  ++reloads_;
  report_reload("");
  log::info("config", "reloaded", {{"cameras_exchanged", news.size()}});
}

void ServeProgram::refuse(const std::string& reason) {
  ++refusals_;
  report_reload(reason);
  log::error("config", "not reloaded; the old one goes on", {{"why", reason}});
}

void ServeProgram::report_reload(const std::string& problem) {
  const MutexLock lock(mutex_);
  config_problem_ = problem;
}

}  // namespace rearview
