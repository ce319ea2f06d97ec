#include "app/serve_command.h"

#include <fmt/format.h>

#include <csignal>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <vector>

#include "app/camera_pipeline.h"
#include "app/config.h"
#include "app/store_folder.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/log.h"
#include "base/termination.h"
#include "position/position_source.h"
#include "publish/publisher.h"
#include "radar/radar.h"
#include "render/jpeg_encoder.h"
#include "render/overlay.h"
#include "serve/service.h"
#include "store/alert_store.h"
#include "store/event_recorder.h"
#include "types/json.h"

namespace rearview {
namespace {

/// Of stored pictures; those of viewers have a setting of their own.
constexpr int kSnapshotQuality = 85;

Config configured(const ServeOptions& options) {
  Config config = read_config_or_default(options.config);
  if (!options.camera_url.empty()) {
    config.cameras.front().receiver.url = options.camera_url;
    config.cameras.front().receiver.check("--camera");
  }
  if (!options.store.empty()) config.store.in_memory = options.store == kNoStore;
  config.store.folder = store_folder(options.store, config.store);
  if (!options.http.empty()) {
    const Endpoint address = parse_endpoint(options.http);
    config.serve.host = address.host;
    config.serve.port = address.port;
  }
  NdjsonConfig& ndjson = config.publish.ndjson;
  if (options.ndjson == "-")
    ndjson.standard_output = true;
  else if (!options.ndjson.empty())
    ndjson.socket = options.ndjson;
  ndjson.check("--ndjson");
  if (options.after && !ndjson.standard_output)
    throw UsageError("--after is for JSON lines on standard output: give --ndjson - as well");
  ndjson.after = options.after;
  if (config.radar.camera.empty()) config.radar.camera = config.cameras.front().name;
  return config;
}

void log_store(const StoreConfig& config) {
  if (!config.folder.empty())
    log::info("store", "alerts are kept", {{"folder", config.folder.string()}});
  else if (config.in_memory)
    log::info("store", "alerts are kept in memory only");
  else
    log::warning("store", "alerts are kept in memory only: there is no folder for them",
                 {{"what_would_help", "--store FOLDER, or HOME"}});
}

void log_alert(const Alert& alert) {
  log::info("alert", name(alert.kind),
            {{"id", alert.id},
             {"camera", alert.camera},
             {"level", name(alert.level)},
             {"track", alert.track_id.value_or(0)},
             {"ttc_s", alert.ttc_s ? fmt::format("{:.1f}", *alert.ttc_s) : "unknown"},
             {"side", name(alert.side)},
             {"text", alert.text}});
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

nlohmann::ordered_json health_of(const Radar& radar) {
  const RadarStatus status = radar.status();
  return {{"on_air", status.on_air},
          {"listening", status.listening},
          {"problem", text_or_null(status.problem)}};
}

nlohmann::ordered_json health_of(const PositionSource& position) {
  const PositionStatus status = position.status();
  return {{"connected", status.connected},
          {"known", status.fix},
          {"problem", text_or_null(status.problem)}};
}

/// The store outlives those that it tells.
struct StoreQuiet {
  ~StoreQuiet() { store.quiet(); }
  AlertStore& store;
};

/// The alert with what is known of the rider now.
Alert located(Alert alert, const std::optional<PositionSource>& source,
              const PositionConfig& config) {
  const auto rider = source ? source->now() : std::nullopt;
  if (!rider) return alert;
  alert.rider_speed_mps = rider->speed_mps;
  if (config.locate_alerts) alert.position = rider->position;
  return alert;
}

}  // namespace

int serve_command(const ServeOptions& options) {
  const Config config = configured(options);
  log::set_level(config.log_level);
  cv::setNumThreads(config.opencv_threads);
  std::vector<std::vector<std::unique_ptr<Stage>>> stages;
  std::vector<nlohmann::ordered_json> stage_settings;
  for (const CameraConfig& camera : config.cameras)
    stages.push_back(make_stages(config, camera, &stage_settings.emplace_back()));
  const bool https = config.serve.tls.identity() != nullptr;  // throws where it can't be used
  if (options.check_config) {
    fmt::print("{}: good, {} camera(s)\n", config.source, config.cameras.size());
    return kExitDone;
  }

  // Whoever reads standard output or a socket may go at any time; that is an error of one write.
  std::signal(SIGPIPE, SIG_IGN);
  Termination termination;
  log_store(config.store);
  AlertStore alerts(config.store);
  std::vector<std::string> names;
  for (const CameraConfig& camera : config.cameras) names.push_back(camera.name);
  std::vector<std::unique_ptr<CameraPipeline>> pipelines;
  Service service(config.serve, names, alerts, [&pipelines] {
    std::vector<CameraStatus> statuses;
    for (const auto& pipeline : pipelines) statuses.push_back(pipeline->status());
    return statuses;
  });
  // What was delivered is remembered beside the alerts that it counts.
  Publisher publisher(config.publish, names,
                      alerts.is_anothers() ? std::filesystem::path() : config.store.folder, alerts);
  service.on_heartbeat(
      [&publisher](const HeartbeatPtr& heartbeat) { publisher.publish_heartbeat(heartbeat); });
  service.add_metrics([&publisher] { return publisher.metrics(); });
  std::optional<Radar> radar;
  if (config.radar.enabled) {
    radar.emplace(config.radar);
    service.add_metrics([&radar] { return radar->metrics(); });
    service.add_health("radar", [&radar] { return health_of(*radar); });
  }
  std::optional<PositionSource> position;
  if (config.gps.enabled) {
    position.emplace(config.gps);
    position->on_fix([&alerts, keep = config.gps.keep_track](const RiderFix& fix) {
      alerts.rider_moved(fix, keep);
    });
    service.add_metrics([&position] { return position->metrics(); });
    service.add_health("position", [&position] { return health_of(*position); });
  }
  EventRecorder recorder(config.store, alerts, names,
                         [encoder = std::make_shared<JpegEncoder>(kSnapshotQuality)](
                             const Frame& frame, const Analysis& analysis) {
                           return encoder->encode(draw_overlay(frame, analysis));
                         });
  for (std::size_t i = 0; i < config.cameras.size(); ++i) {
    PipelineOutputs outputs;
    const auto seen_on_ride = [&alerts](const Analysis& analysis) {
      if (analysis.road == Road::no_signal)
        alerts.camera_unseen(analysis.camera);
      else
        alerts.camera_seen(analysis.camera, analysis.time, is_seen(analysis.road, analysis.state));
    };
    outputs.analysis = [&service, &publisher, &radar, &recorder, seen_on_ride,
                        i](AnalysisPtr analysis) {
      seen_on_ride(*analysis);
      if (radar) radar->publish_analysis(analysis);
      publisher.publish_analysis(analysis);
      recorder.analysis(i, analysis);
      service.publish_analysis(i, std::move(analysis));
    };
    outputs.alert = [&service, &publisher, &alerts, &recorder, &position, &gps = config.gps,
                     seen_on_ride, i](const Alert& alert, const Annotated& seen) {
      if (seen.analysis) seen_on_ride(*seen.analysis);
      auto kept = std::make_shared<const Alert>(alerts.append(located(alert, position, gps)));
      log_alert(*kept);
      service.publish_alert(kept);
      // Its files are told of behind it.
      recorder.alert(i, *kept, seen.frame, seen.analysis);
      publisher.publish_alert();
    };
    outputs.access_unit = [&service, &recorder, i](LiveAccessUnitPtr unit) {
      service.publish_access_unit(i, *unit);
      recorder.access_unit(i, std::move(unit));
    };
    outputs.wants_picture = [&service, &publisher, i] {
      return service.wants_pictures(i) || publisher.wants_picture(i);
    };
    outputs.picture = [&service, &publisher, i,
                       encoder = std::make_shared<JpegEncoder>(config.cameras[i].jpeg_quality)](
                          const cv::Mat& bgr) {
      const auto jpeg = encoder->encode(bgr);
      publisher.publish_picture(i, jpeg);
      if (service.wants_pictures(i)) service.publish_picture(i, jpeg);
    };
    outputs.failure = [&termination](const std::string& reason) { termination.fail(reason); };
    pipelines.push_back(std::make_unique<CameraPipeline>(config.cameras[i], std::move(stages[i]),
                                                         std::move(outputs)));
  }

  alerts.on_change([&service](const AlertUpdate& update) { service.publish_update(update); });
  alerts.on_alert([&service, &publisher](const Alert& alert) {
    log_alert(alert);
    service.publish_alert(std::make_shared<const Alert>(alert));
    publisher.publish_alert();
  });
  const StoreQuiet quiet{alerts};
  service.show_settings(effective_settings(config, stage_settings));
  service.start();
  publisher.start([&termination](const std::string& reason) { termination.fail(reason); });
  if (radar) radar->start([&termination](const std::string& reason) { termination.fail(reason); });
  if (position)
    position->start([&termination](const std::string& reason) { termination.fail(reason); });
  for (const auto& pipeline : pipelines) pipeline->start();
  log::info("serve", "serving",
            {{"address", fmt::format("{}://{}/", https ? "https" : "http",
                                     Endpoint{config.serve.host, service.port()}.text())},
             {"port", service.port()},
             {"cameras", config.cameras.size()}});
  const auto failure = termination.wait();
  for (const auto& pipeline : pipelines) pipeline->stop();
  if (position) position->stop();
  if (radar) radar->ask_to_stop();
  service.stop();
  publisher.stop();
  if (radar) radar->stop();
  if (!failure) return kExitDone;
  log::error("serve", "stopped by a failure", {{"why", *failure}});
  return kExitFailed;
}

}  // namespace rearview
