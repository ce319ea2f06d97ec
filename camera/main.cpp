#include <fmt/core.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <string>

#include "base/build_info.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/hangup_watcher.h"
#include "base/log.h"
#include "base/printable_text.h"
#include "base/service_notify.h"
#include "base/settings_text.h"
#include "base/termination.h"
#include "camera/camera_config.h"
#include "camera/daemon.h"
#include "camera/libav.h"
#include "camera/render.h"
#include "camera/truth_file.h"

namespace rearview::camera {
namespace {

struct Arguments {
  std::optional<std::string> config;
  std::optional<std::string> source;
  std::optional<std::string> stream;
  std::optional<std::string> http;
  std::optional<std::string> record;
  std::optional<std::string> faults;
  std::optional<std::string> truth;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> render;
  double duration_s = 60;
  bool check_config = false;
  std::string print;  ///< of the settings
};

CameraConfig configure(const Arguments& arguments) {
  CameraConfig config = arguments.config ? CameraConfig::read(*arguments.config) : CameraConfig();
  if (arguments.source) {
    check_source(*arguments.source);
    config.source.input = *arguments.source;
  }
  if (arguments.stream) config.stream.listen = parse_endpoint(*arguments.stream);
  if (arguments.http) config.device.listen = parse_endpoint(*arguments.http);
  if (arguments.record) config.record.folder = *arguments.record;
  if (arguments.faults) config.faults = *arguments.faults;
  if (arguments.seed) config.scene.seed = *arguments.seed;
  return config;
}

std::optional<TruthFile> open_truth(const Arguments& arguments, const OpenedSource& opened,
                                    const std::string& input) {
  if (!arguments.truth) return std::nullopt;
  if (!opened.truth) throw UsageError("--truth: only the source scene knows what really happens");
  return std::optional<TruthFile>(std::in_place, *arguments.truth, input, opened.truth);
}

int run_render(const Arguments& arguments, const CameraConfig& config, Termination& termination) {
  const OpenedSource opened =
      open_source(config.source, config.scene, config.encoder, Pace::fastest);
  auto truth = open_truth(arguments, opened, *arguments.render);
  const SteadyTime start = SteadyClock::now();
  const Rendered rendered = render(*opened.source, *arguments.render, arguments.duration_s,
                                   [&] { return termination.requested(); });
  if (truth) truth->finish();
  log::info("render", "done",
            {{"file", *arguments.render},
             {"pictures", rendered.pictures},
             {"duration_s", fmt::format("{:.2f}", rendered.duration_s)},
             {"took_s", fmt::format("{:.2f}", seconds_between(start, SteadyClock::now()))}});
  return kExitDone;
}

void reload(const Arguments& arguments, Daemon& daemon) {
  try {
    daemon.reload(configure(arguments));
  } catch (const std::exception& e) {
    log::error("config", "not reloaded", {{"why", e.what()}});
  }
}

int run_live(const Arguments& arguments, const CameraConfig& config, Termination& termination) {
  HangupWatcher hangup;
  const OpenedSource opened =
      open_source(config.source, config.scene, config.encoder, Pace::real_time);
  auto truth = open_truth(arguments, opened, config.source.input);
  std::optional<std::string> failure;
  {
    Daemon daemon(config, *opened.source, termination);
    if (truth) truth->start();
    const HangupWatcher::Calls reloads(hangup, [&] { reload(arguments, daemon); });
    notify_service_manager("READY=1");
    failure = termination.wait();
    notify_service_manager("STOPPING=1");
  }
  if (truth) truth->finish();
  if (failure) {
    log::error("camera", *failure);
    return kExitFailed;
  }
  log::info("camera", "stopped");
  return kExitDone;
}

int run(const Arguments& arguments, const HangupHold& hangups) {
  if (!arguments.print.empty() || arguments.check_config || arguments.render) hangups.release();
  if (!arguments.print.empty()) {
    fmt::print("{}", SettingsText::of<CameraConfig>("rearview-camera", "camera.schema.json",
                                                    "rearview-camera --check-config --config FILE")
                         .print(arguments.print));
    return kExitDone;
  }
  const CameraConfig config = configure(arguments);
  if (arguments.check_config) {
    if (!config.faults.empty()) FaultScript::read(config.faults);
    log::info("config", "ok", {{"file", arguments.config.value_or("defaults")}});
    return kExitDone;
  }
  log::set_level(config.log_level);
  prepare_libav();
  signal(SIGPIPE, SIG_IGN);
  Termination termination;
  return arguments.render ? run_render(arguments, config, termination)
                          : run_live(arguments, config, termination);
}

}  // namespace
}  // namespace rearview::camera

int main(int argc, char** argv) {
  using namespace rearview;
  const HangupHold hangups;
  camera::Arguments arguments;
  CLI::App app(
      "Bicycle rear-view camera: encodes a source, streams it as raw H.264 over TCP and records "
      "it.",
      "rearview-camera");
  app.set_version_flag("--version", [] {
    return version_text("rearview-camera",
                        {{"FFmpeg", av_version_info()}, {"OpenCV", cv::getVersionString()}});
  });
  app.add_option("--config", arguments.config, "JSON configuration file")->type_name("FILE");
  app.add_option("--source", arguments.source,
                 "scene (a drawn road), file:PATH (looped), v4l2:DEVICE, rpicam, or a URL")
      ->type_name("SOURCE");
  app.add_option("--stream", arguments.stream, "address of the stream, default 0.0.0.0:5000")
      ->type_name("HOST:PORT");
  app.add_option("--http", arguments.http, "address of the device's HTTP, default 0.0.0.0:8000")
      ->type_name("HOST:PORT");
  app.add_option("--record", arguments.record, "record into this folder, too")->type_name("DIR");
  app.add_option("--truth", arguments.truth, "keep the scene's ground truth in this file")
      ->type_name("FILE");
  app.add_option("--seed", arguments.seed, "another scene of the same kind")->type_name("N");
  app.add_option("--faults", arguments.faults, "spoil the stream as this script says")
      ->type_name("FILE");
  auto* render = app.add_option("--render", arguments.render,
                                "write the source to a raw .h264 file, not in real time, and exit")
                     ->type_name("FILE");
  app.add_option("--duration-s", arguments.duration_s, "length of what --render writes")
      ->type_name("N")
      ->check(CLI::Range(0.1, 86400.0))
      ->needs(render);
  app.add_flag("--check-config", arguments.check_config, "check the configuration and exit");
  app.add_subcommand("config", "print all settings: their JSON schema, defaults or documentation")
      ->add_option("WHAT", arguments.print)
      ->required()
      ->check(CLI::IsMember({"schema", "defaults", "docs"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "rearview-camera: {}; --help shows what there is\n",
               printable_text(e.what()));
    return kExitUsage;
  }

  try {
    return camera::run(arguments, hangups);
  } catch (const UsageError& e) {
    fmt::print(stderr, "rearview-camera: {}\n", printable_text(e.what()));
    return kExitUsage;
  } catch (const std::exception& e) {
    log::error("camera", "failed", {{"why", e.what()}});
    return kExitFailed;
  }
}
