#include "app/collect_command.h"

#include <fmt/core.h>

#include <csignal>

#include "app/access_command.h"
#include "app/config.h"
#include "app/store_folder.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/log.h"
#include "base/service_notify.h"
#include "base/termination.h"
#include "collect/collector.h"
#include "collect/fleet_site.h"
#include "site/access/access_routes.h"
#include "site/access/credentials.h"

namespace rearview {
namespace {

SiteConfig site_of(const CollectOptions& options) {
  Config config = read_config_or_default(options.config);
  log::set_level(config.log_level);
  SiteConfig site = config.serve.site;
  if (!options.http.empty()) {
    const Endpoint address = parse_endpoint(options.http);
    site.host = address.host;
    site.port = address.port;
  }
  if (options.insecure) site.access.insecure = true;
  config.store.folder = store_folder(options.store, config.store);
  if (site.access.file.empty()) site.access.file = access_file(config.store);
  return site;
}

}  // namespace

int collect_command(const CollectOptions& options) {
  keep_files_to_ourselves();
  const SiteConfig site = site_of(options);
  const bool https = site.tls.identity() != nullptr;  // throws where it can't be used
  {
    Credentials credentials(site.access.file);
    require_access(site, credentials, false,
                   "set a password with 'rearview access --store FOLDER password' and name it by "
                   "--store FOLDER");
  }
  std::signal(SIGPIPE, SIG_IGN);
  Termination termination;
  Collector collector({.nats = options.nats,
                       .consumer = options.consumer,
                       .replicas = options.replicas,
                       .database = options.database,
                       .keep_days = options.keep_days});
  FleetSite fleet(
      {.site = site, .database = options.database, .silent_s = options.silent_s},
      [&collector] { return collector.problem(); }, [&collector] { return collector.metrics(); });
  collector.start();
  fleet.start();
  log::info("collect", "collecting",
            {{"address", fmt::format("{}://{}/", https ? "https" : "http",
                                     Endpoint{site.host, fleet.port()}.text())},
             {"port", fleet.port()}});
  notify_service_manager("READY=1");
  termination.wait();
  notify_service_manager("STOPPING=1");
  fleet.stop();
  collector.stop();
  return kExitDone;
}

}  // namespace rearview
