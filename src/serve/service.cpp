#include "serve/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "http/server.h"
#include "http/site_check.h"
#include "serve/archive_routes.h"
#include "serve/event_hub.h"
#include "serve/metrics.h"
#include "serve/picture_hub.h"
#include "serve/status_json.h"
#include "serve/store_report.h"
#include "serve/video_hub.h"
#include "serve/web_files.h"
#include "site/access/access_routes.h"
#include "site/access/credentials.h"
#include "site/access/gate.h"
#include "site/answer.h"
#include "site/metrics_page.h"
#include "site/query.h"
#include "types/json.h"

namespace rearview {
namespace {

using http::HttpError;
using http::Request;
using http::Responder;
using http::Response;
using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::seconds kHeartbeat{1};
/// A road that is judged anew with every picture makes no more heartbeats than this.
constexpr std::chrono::milliseconds kHeartbeatGap{100};
/// Proxies and clients of Server-Sent Events take a comment as a sign of life.
constexpr std::chrono::seconds kComment{10};

}  // namespace

struct Service::Impl {
  Impl(ServeConfig c, std::vector<std::string> names, EventArchive& a, StatusSource s, Now n)
      : config(std::move(c)),
        camera_names(std::move(names)),
        archive(a),
        status(std::move(s)),
        now(std::move(n)),
        credentials(config.site.access.file),
        gate(config.site.access, credentials),
        access(config.site, credentials, gate,
               [this](Responder responder, std::function<Response()> answer) {
                 server->answer_on_worker(std::move(responder), std::move(answer));
               }),
        events(loop, archive, now) {
    camera_names.resize(kMostCameras);
    for (std::size_t i = 0; i < kMostCameras; ++i) {
      pictures.emplace_back(loop, std::chrono::milliseconds(config.snapshot_wait_ms));
      videos.emplace_back(loop, config.video_queue_bytes, now);
    }
    server.emplace(loop, http_config(), routes());
    access.listening_on(server->port());
    events.set_server(&*server);
    tick = loop.every(kTick, [this] {
      for (PictureHub& hub : pictures) hub.tick(SteadyClock::now());
      if (beat_due || now() >= next_beat) beat();
    });
    events.on_change([this] {
      if (now() - last_beat < kHeartbeatGap)
        beat_due = true;
      else
        beat();
    });
    comment = loop.every(kComment, [this] { events.comment(); });
  }

  void beat();
  void count_pass(const Alert& alert);
  void exchange_cameras(std::vector<std::string> names);

  http::ServerConfig http_config();
  http::Router routes();
  void camera_routes(http::Router& router);
  void alert_routes(http::Router& router);
  void health_routes(http::Router& router);

  std::optional<std::size_t> place_of(std::string_view camera) const;
  std::size_t place_of(const Request& request) const;
  std::vector<CameraView> cameras();
  Response analysis(std::size_t camera);
  EventHub::Wish wish(const Request& request) const;
  /// Why there will be no WebSocket, as an answer; nullopt when there may be one.
  std::optional<Response> no_web_socket(const Request& request) const;
  Response health(const std::function<std::string(const CameraView&)>& problem_of);

  const ServeConfig config;
  std::vector<std::string> camera_names;  ///< by place; empty: no camera there
  EventArchive& archive;
  const StatusSource status;
  const Now now;
  Credentials credentials;
  Gate gate;
  Access access;
  struct Passes {
    std::uint64_t all = 0;
    std::uint64_t close = 0;
  };
  Mutex passes_mutex;
  std::map<std::string, Passes> passes GUARDED_BY(passes_mutex);  ///< by camera
  Json settings = Json::object();
  std::string settings_schema = "{}";
  http::IoLoop loop;
  std::function<void(HeartbeatPtr)> on_heartbeat;
  WallTime certificate_expires;
  std::vector<std::function<std::vector<Metric>()>> metrics;
  std::vector<std::pair<std::string, std::function<Json()>>> health_sources;
  std::deque<PictureHub> pictures;  ///< by place
  std::deque<VideoHub> videos;      ///< by place
  EventHub events;
  std::optional<http::Server> server;
  std::unique_ptr<http::IoLoop::Timer> tick;
  std::unique_ptr<http::IoLoop::Timer> comment;
  SteadyTime last_beat;
  SteadyTime next_beat = now() + kHeartbeat;  ///< at the latest
  bool beat_due = false;
};

void Service::Impl::beat() {
  beat_due = false;
  last_beat = now();
  if (last_beat >= next_beat) next_beat = std::max(next_beat + kHeartbeat, last_beat);
  if (events.subscribers() == 0 && !on_heartbeat) return;
  auto report = std::make_shared<Heartbeat>();
  report->time = WallClock::now();
  report->newest_alert_id = events.newest_alert_id();
  if (const std::string problem = archive.status().problem; !problem.empty())
    report->store_problem = problem;
  for (const CameraView& camera : cameras()) report->cameras.push_back(road_report(camera));
  if (events.subscribers() > 0) events.broadcast("heartbeat", message_of(*report));
  if (on_heartbeat) on_heartbeat(std::move(report));
}

void Service::Impl::count_pass(const Alert& alert) {
  if (alert.kind != AlertKind::overtake && alert.kind != AlertKind::close_pass) return;
  const MutexLock lock(passes_mutex);
  Passes& counted = passes[alert.camera];
  ++counted.all;
  if (alert.kind == AlertKind::close_pass) ++counted.close;
}

http::ServerConfig Service::Impl::http_config() {
  http::ServerConfig http = server_config(config.site, now);
  http.stream_send_buffer_bytes = config.stream_buffer_bytes;
  http.stream_queue_bytes = config.event_queue_bytes;
  if (http.tls) {
    certificate_expires = http.tls->expires();
    metrics.emplace_back([this] { return certificate_metrics(certificate_expires); });
  }
  return http;
}

http::Router Service::Impl::routes() {
  http::Router router;
  router.before([this](Request& request) { gate.admit(request); });
  access.add_routes(router);
  add_page(router, gate, serve_web_files());
  camera_routes(router);
  alert_routes(router);
  health_routes(router);
  return router;
}

void Service::Impl::exchange_cameras(std::vector<std::string> names) {
  names.resize(kMostCameras);
  for (std::size_t i = 0; i < kMostCameras; ++i) {
    if (names[i] == camera_names[i] || camera_names[i].empty()) continue;
    pictures[i].end();
    videos[i].end();
    events.forget(i);
    const MutexLock lock(passes_mutex);
    passes.erase(camera_names[i]);
  }
  camera_names = std::move(names);
  beat();  // it tells which there are
}

std::optional<std::size_t> Service::Impl::place_of(std::string_view camera) const {
  const auto it = std::find(camera_names.begin(), camera_names.end(), camera);
  if (camera.empty() || it == camera_names.end()) return std::nullopt;
  return static_cast<std::size_t>(it - camera_names.begin());
}

std::size_t Service::Impl::place_of(const Request& request) const {
  const auto place = place_of(request.param("name"));
  if (!place) throw HttpError(404, fmt::format("there is no camera '{}'", request.param("name")));
  return *place;
}

std::vector<CameraView> Service::Impl::cameras() {
  std::vector<CameraView> views;
  const SteadyTime looked = now();
  for (CameraStatus& one : status()) {
    const auto place = place_of(one.name);
    if (!place) continue;
    const std::size_t i = *place;
    CameraView& view = views.emplace_back();
    view.status = std::move(one);
    view.viewers = pictures[i].viewers();
    view.pictures = pictures[i].pictures();
    view.video_viewers = videos[i].viewers();
    view.video_units_skipped = videos[i].skipped();
    {
      const MutexLock lock(passes_mutex);
      const auto counted = passes.find(view.status.name);
      if (counted != passes.end()) view.passes = counted->second.all;
      if (counted != passes.end()) view.close_passes = counted->second.close;
    }
    const EventHub::Newest newest = events.newest(i);
    if (!newest.analysis) continue;
    view.analysis_age_s = seconds_between(newest.time, looked);
    view.analysis_stale = *view.analysis_age_s * 1000 > config.stale_after_ms;
    view.threat = greatest_threat(*newest.analysis);
    view.vehicles = static_cast<int>(newest.analysis->tracks.size());
  }
  return views;
}

Response Service::Impl::analysis(std::size_t camera) {
  const EventHub::Newest newest = events.newest(camera);
  if (!newest.analysis) throw HttpError(503, "nothing has been analysed yet");
  const double age_s = seconds_between(newest.time, now());
  // An old analysis may go on saying that there is no signal, but not that the road is clear.
  if (age_s * 1000 > config.stale_after_ms && newest.analysis->road != Road::no_signal)
    throw HttpError(503, fmt::format("nothing has been analysed for {:.1f} s", age_s));
  return fresh_json(to_json(*newest.analysis));
}

void Service::Impl::camera_routes(http::Router& router) {
  router.get("/api/v1/cameras", [this](const Request& request) {
    only_these(request, {});
    Json list = Json::array();
    for (const CameraView& camera : cameras()) list.push_back(to_json(camera));
    return fresh_json(list);
  });
  router.get("/api/v1/cameras/{name}/stream.mjpg",
             [this](const Request& request) { return pictures[place_of(request)].watch(); });
  router.get("/api/v1/cameras/{name}/snapshot.jpg",
             [this](const Request& request, Responder responder) {
               pictures[place_of(request)].snapshot(std::move(responder));
             });
  router.get("/api/v1/cameras/{name}/video", [this](const Request& request) {
    only_these(request, {});
    const std::size_t camera = place_of(request);
    if (auto refusal = no_web_socket(request)) return *refusal;
    return videos[camera].watch();
  });
  router.get("/api/v1/cameras/{name}/analysis", [this](const Request& request) {
    only_these(request, {});
    return analysis(place_of(request));
  });
}

void Service::Impl::alert_routes(http::Router& router) {
  add_archive_routes(
      router, archive,
      [this](Responder responder, std::function<Response()> answer) {
        server->answer_on_worker(std::move(responder), std::move(answer));
      },
      config.site.cors_origins);
  router.get("/api/v1/events",
             [this](const Request& request) { return events.subscribe_events(wish(request)); });
  router.get("/api/v1/ws", [this](const Request& request) {
    const EventHub::Wish wanted = wish(request);
    if (auto refusal = no_web_socket(request)) return *refusal;
    return events.subscribe_web_socket(wanted);
  });
}

EventHub::Wish Service::Impl::wish(const Request& request) const {
  only_these(request, {"after", "analysis"});
  EventHub::Wish wanted;
  if (const auto after = request.query_value("after"))
    wanted.after = number_or_400("after", *after, 0, kMostId);
  // A browser that reconnects sends its last id along with the address it began with.
  if (const auto last = request.header("Last-Event-ID"); last && !last->empty())
    wanted.after = number_or_400("Last-Event-ID", *last, 0, kMostId);
  if (const auto flag = request.query_value("analysis"))
    wanted.analysis = flag_or_400("analysis", *flag);
  return wanted;
}

std::optional<Response> Service::Impl::no_web_socket(const Request& request) const {
  if (!http::wants_web_socket(request)) {
    Response response = http::problem(426, "this address speaks WebSocket (RFC 6455, version 13)");
    response.header("Upgrade", "websocket").header("Connection", "Upgrade");
    return response.header("Sec-WebSocket-Version", "13");
  }
  // Browsers let any site's page open a WebSocket anywhere; it is for us to refuse.
  http::refuse_other_sites(request, config.site.cors_origins);
  return std::nullopt;
}

Response Service::Impl::health(const std::function<std::string(const CameraView&)>& problem_of) {
  std::string reason;
  Json list = Json::array();
  for (const CameraView& camera : cameras()) {
    const std::string problem = problem_of(camera);
    if (!problem.empty())
      reason +=
          fmt::format("{}camera {}: {}", reason.empty() ? "" : "; ", camera.status.name, problem);
    list.push_back({{"name", camera.status.name},
                    {"state", name(camera.status.state)},
                    {"analysis", name(camera.status.analysis)},
                    {"problem", problem.empty() ? Json(nullptr) : Json(problem)}});
  }
  Json report{{"status", reason.empty() ? "ok" : "unavailable"},
              {"reason", reason.empty() ? Json(nullptr) : Json(reason)},
              {"cameras", std::move(list)},
              {"store", to_json(archive.status())},
              {"access", access.health()}};
  for (const auto& [other, source] : health_sources) {
    if (Json found = source(); !found.is_null()) report[other] = std::move(found);
  }
  return fresh_json(report, reason.empty() ? 200 : 503);
}

void Service::Impl::health_routes(http::Router& router) {
  router.get("/api/v1/config", [this](const Request& request) {
    only_these(request, {});
    return fresh_json(settings);
  });
  router.get("/api/v1/config/schema", [this](const Request& request) {
    only_these(request, {});
    return fresh_text(settings_schema);
  });
  router.get("/healthz", [this](const Request&) { return health(analysis_problem); });
  router.get("/readyz", [this](const Request&) { return health(camera_problem); });
  router.get("/metrics", [this](const Request&) {
    EventStats stats;
    stats.subscribers = events.subscribers();
    stats.alerts = events.alerts();
    stats.analyses_skipped = events.analyses_skipped();
    std::vector<Metric> further = store_metrics(archive.status());
    for (Metric& one : access.metrics()) further.push_back(std::move(one));
    for (const auto& source : metrics) {
      for (Metric& one : source()) further.push_back(std::move(one));
    }
    return http::text(200, metrics_text(cameras(), server->stats(), stats, further),
                      MetricsPage::kType);
  });
}

Service::Service(ServeConfig config, std::vector<std::string> camera_names, EventArchive& archive,
                 StatusSource status, Now now)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(camera_names), archive,
                                   std::move(status), std::move(now))) {}

Service::~Service() {
  stop();
}

std::uint16_t Service::port() const {
  return impl_->server->port();
}

void Service::on_heartbeat(std::function<void(HeartbeatPtr)> handler) {
  impl_->on_heartbeat = std::move(handler);
}

void Service::add_metrics(std::function<std::vector<Metric>()> source) {
  impl_->metrics.push_back(std::move(source));
}

void Service::add_health(std::string name, std::function<nlohmann::ordered_json()> source) {
  impl_->health_sources.emplace_back(std::move(name), std::move(source));
}

PairingOffer Service::begin_pairing(Scope scope) {
  return impl_->access.begin_pairing(scope);
}

void Service::exchange_cameras(const std::vector<std::string>& names) {
  impl_->loop.run([&] { impl_->exchange_cameras(names); });
}

void Service::show_settings(const nlohmann::ordered_json& settings) {
  impl_->loop.run([&] { impl_->settings = settings; });
}

void Service::show_settings_schema(const nlohmann::ordered_json& schema) {
  impl_->settings_schema = schema.dump();
}

bool Service::https() const {
  return impl_->config.site.tls.is_set();
}

void Service::exchange_identity(std::shared_ptr<const http::TlsIdentity> identity) {
  impl_->loop.run([&] {
    impl_->certificate_expires = identity->expires();
    impl_->server->exchange_identity(identity);
  });
}

void Service::start() {
  impl_->loop.start();
  impl_->server->start();
}

void Service::stop() {
  impl_->server->stop();
  impl_->loop.stop();
}

bool Service::wants_pictures(std::size_t camera) const {
  return impl_->pictures.at(camera).wanted();
}

void Service::publish_picture(std::size_t camera, std::shared_ptr<const std::string> jpeg) {
  impl_->pictures.at(camera).publish(std::move(jpeg));
}

void Service::publish_access_unit(std::size_t camera, const LiveAccessUnit& unit) {
  impl_->videos.at(camera).publish(unit);
}

void Service::publish_analysis(std::size_t camera, AnalysisPtr analysis) {
  impl_->videos.at(camera).publish(analysis);
  impl_->events.publish(camera, std::move(analysis));
}

void Service::publish_alert(const AlertPtr& alert) {
  impl_->count_pass(*alert);
  impl_->events.publish(alert);
}

void Service::publish_update(const AlertUpdate& update) {
  impl_->events.publish(update);
}

void Service::publish_missed(const MissedUpdate& update) {
  impl_->events.publish(update);
}

}  // namespace rearview
