#include "app/serve_command.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <utility>

#include "app/access_command.h"
#include "app/config.h"
#include "app/serve_program.h"
#include "app/store_folder.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/hangup_watcher.h"
#include "base/log.h"
#include "base/service_notify.h"
#include "base/sleep.h"
#include "base/termination.h"
#include "base/worker.h"
#include "site/access/credentials.h"
#include "site/access/qr_code.h"

namespace rearview {
namespace {

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
    config.serve.site.host = address.host;
    config.serve.site.port = address.port;
  }
  if (options.insecure) config.serve.site.access.insecure = true;
  if (config.serve.site.access.file.empty())
    config.serve.site.access.file = access_file(config.store);
  NdjsonConfig& ndjson = config.publish.ndjson;
  if (options.ndjson == "-")
    ndjson.standard_output = true;
  else if (!options.ndjson.empty())
    ndjson.socket = options.ndjson;
  ndjson.check("--ndjson");
  if (options.after && !ndjson.standard_output)
    throw UsageError("--after is for JSON lines on standard output: give --ndjson - as well");
  ndjson.after = options.after;
  config.publish.nats.ride_gap_s = config.store.ride_gap_s;
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

void close_store(const StoreConfig& config) {
  if (config.folder.empty()) return;
  const auto open = shut_others_out(config.folder);
  if (!open.empty())
    log::warning(
        "store", "other users could read it, and can't any more",
        {{"folder", config.folder.string()}, {"what", fmt::format("{}", fmt::join(open, " "))}});
}

MadeStages make_all_stages(const Config& config) {
  MadeStages made;
  for (const CameraConfig& camera : config.cameras)
    made.stages.push_back(make_stages(config, camera, &made.settings.emplace_back()));
  return made;
}

/// On SIGHUP. Whatever is wrong with the new configuration, the service goes on.
void reload(const ServeOptions& options, ServeProgram& program) {
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now().time_since_epoch());
  notify_service_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", us.count()));
  try {
    program.reload(configured(options));
  } catch (const std::exception& error) {
    program.refuse(error.what());
  }
  notify_service_manager("READY=1");
}

/// Tells systemd that the service lives, for as long as every thread that an alert passes through
/// moves.
void feed_watchdog(const ServeProgram& program, const std::stop_token& stop) {
  const auto period = watchdog_period();
  if (!period) return;
  do {
    if (program.lives(SteadyClock::now())) notify_service_manager("WATCHDOG=1");
  } while (sleep_until(stop, SteadyClock::now() + *period / 4));
}

/// On a terminal as a picture, too, for the phone's camera.
void show(const PairingOffer& offer) {
  log::info("serve", "let a device in by this code",
            {{"code", offer.code},
             {"url", offer.url},
             {"scope", name(offer.scope)},
             {"lasts_s", offer.lasts_s}});
  if (isatty(STDERR_FILENO) != 0)
    fmt::print(stderr, "\n{}\n  {}\n  {}\n\n", QrCode(offer.url).terminal(), offer.url, offer.code);
}

}  // namespace

int serve_command(const ServeOptions& options) {
  Config config = configured(options);
  log::set_level(config.log_level);
  cv::setNumThreads(config.opencv_threads);
  MadeStages stages = make_all_stages(config);
  const bool https = config.serve.site.tls.identity() != nullptr;  // throws where it can't be used
  {
    Credentials credentials(config.serve.site.access.file);
    require_access(config.serve.site, credentials, !options.pair.empty(),
                   "let a phone in with 'rearview serve --pair', set a password with 'rearview "
                   "access password'");
  }
  if (options.check_config) {
    fmt::print("{}: good, {} camera(s)\n", config.source, config.cameras.size());
    return kExitDone;
  }

  // Each thread's arena would keep what its worst moment needed (docs/reliability.md).
  constexpr int kArenas = 2;
  mallopt(M_ARENA_MAX, kArenas);
  // Whoever reads standard output or a socket may go at any time; that is an error of one write.
  std::signal(SIGPIPE, SIG_IGN);
  HangupWatcher hangup;
  Termination termination;
  const std::string host = config.serve.site.host;
  const std::size_t cameras = config.cameras.size();
  keep_files_to_ourselves();
  log_store(config.store);
  close_store(config.store);
  ServeProgram program(std::move(config), std::move(stages));
  program.start();
  log::info("serve", "serving",
            {{"address", fmt::format("{}://{}/", https ? "https" : "http",
                                     Endpoint{host, program.port()}.text())},
             {"port", program.port()},
             {"cameras", cameras}});
  Worker watchdog;
  watchdog.persist("watchdog", [&](const std::stop_token& stop) { feed_watchdog(program, stop); },
                   {});
  std::optional<HangupWatcher::Calls> reloads(std::in_place, hangup,
                                              [&] { reload(options, program); });
  notify_service_manager("READY=1");
  if (const auto scope = scope_from(options.pair)) show(program.begin_pairing(*scope));
  termination.wait();
  notify_service_manager("STOPPING=1");
  reloads.reset();
  watchdog.stop();
  program.stop();
  return kExitDone;
}

}  // namespace rearview
