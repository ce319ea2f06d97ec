#include "collect/fleet_site.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "collect/fleet_queries.h"
#include "collect/fleet_web_files.h"
#include "http/server.h"
#include "http/tls_identity.h"
#include "site/access/access_routes.h"
#include "site/access/credentials.h"
#include "site/access/gate.h"
#include "site/answer.h"
#include "site/metrics_page.h"
#include "site/query.h"
#include "site/site.h"

namespace rearview {

using http::Request;
using http::Responder;
using http::Response;

struct FleetSite::Impl {
  Impl(FleetSiteConfig c, std::function<std::string()> p, std::function<std::vector<Metric>()> m)
      : config(std::move(c)),
        problem(std::move(p)),
        metrics(std::move(m)),
        queries(config.database, config.silent_s),
        credentials(config.site.access.file),
        gate(config.site.access, credentials),
        access(config.site, credentials, gate,
               [this](Responder responder, std::function<Response()> answer) {
                 server->answer_on_worker(std::move(responder), std::move(answer));
               }) {
    http::ServerConfig http = server_config(config.site);
    if (http.tls) certificate_expires = http.tls->expires();
    server.emplace(loop, std::move(http), routes());
    access.listening_on(server->port());
  }

  /// Of a question that waits for the database.
  template <typename Ask>
  void answer(http::Router& router, const char* path, Ask ask) {
    router.get(path, [this, ask](const Request& request, Responder responder) {
      server->answer_on_worker(std::move(responder),
                               [ask, request] { return fresh_text(ask(request)); });
    });
  }

  http::Router routes() {
    http::Router router;
    router.before([this](Request& request) { gate.admit(request); });
    access.add_routes(router);
    add_page(router, gate, fleet_web_files());
    answer(router, "/api/v1/passes/hours",
           [this](const Request& request) { return queries.hours(request); });
    answer(router, "/api/v1/gateways", [this](const Request& request) {
      only_these(request, {});
      return queries.gateways();
    });
    router.get("/api/v1/passes.geojson", [this](const Request& request, Responder responder) {
      server->answer_on_worker(std::move(responder), [this, request] {
        return http::text(200, queries.passes(request), "application/geo+json")
            .header("Cache-Control", "no-store");
      });
    });
    router.get("/healthz", [this](const Request&, Responder responder) {
      server->answer_on_worker(std::move(responder), [this] { return health(); });
    });
    router.get("/metrics", [this](const Request&) {
      MetricsPage page;
      page.http(server->stats());
      page.metrics(metrics());
      page.metrics(access.metrics());
      if (certificate_expires) page.metrics(certificate_metrics(*certificate_expires));
      return http::text(200, page.take(), MetricsPage::kType);
    });
    return router;
  }

  Response health() {
    std::string reason = problem();
    if (reason.empty()) reason = queries.problem();
    return fresh_json({{"status", reason.empty() ? "ok" : "unavailable"},
                       {"reason", reason.empty() ? nlohmann::ordered_json(nullptr)
                                                 : nlohmann::ordered_json(reason)},
                       {"access", access.health()}},
                      reason.empty() ? 200 : 503);
  }

  const FleetSiteConfig config;
  const std::function<std::string()> problem;
  const std::function<std::vector<Metric>()> metrics;
  FleetQueries queries;
  Credentials credentials;
  Gate gate;
  Access access;
  std::optional<WallTime> certificate_expires;
  http::IoLoop loop;
  std::optional<http::Server> server;
};

FleetSite::FleetSite(FleetSiteConfig config, std::function<std::string()> problem,
                     std::function<std::vector<Metric>()> metrics)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(problem), std::move(metrics))) {}

FleetSite::~FleetSite() {
  stop();
}

std::uint16_t FleetSite::port() const {
  return impl_->server->port();
}

void FleetSite::start() {
  impl_->loop.start();
  impl_->server->start();
}

void FleetSite::stop() {
  impl_->server->stop();
  impl_->loop.stop();
}

}  // namespace rearview
