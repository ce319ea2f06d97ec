#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analyse/stage.h"
#include "base/log.h"
#include "base/setting.h"
#include "position/position_config.h"
#include "publish/publish_config.h"
#include "radar/radar_config.h"
#include "receive/receiver_config.h"
#include "serve/serve_config.h"
#include "store/store_config.h"
#include "types/camera_status.h"

namespace rearview {

/// When a camera's pipeline says that what it shows can't be trusted.
struct WatchConfig {
  int signal_timeout_ms = 1000;
  int late_ms = 300;
  int analysis_timeout_ms = 1500;

  static constexpr auto settings() {
    using S = WatchConfig;
    return std::array{
        setting<&S::signal_timeout_ms>("signal_timeout_ms", {100, 60'000},
                                       "No decoded picture for so long: no_signal."),
        setting<&S::late_ms>("late_ms", {10, 60'000},
                             "An analysis this old when done is degraded."),
        setting<&S::analysis_timeout_ms>("analysis_timeout_ms", {100, 60'000},
                                         "Pictures, but no analysis for so long: failed."),
    };
  }
  bool operator==(const WatchConfig&) const = default;
};

/// One of `cameras`.
struct CameraConfig {
  std::string name = "rear";
  ReceiverConfig receiver;
  WatchConfig watch;
  int jpeg_quality = 80;
  /// As configured, checked when the configuration is read; each pipeline builds its own.
  nlohmann::json stages = default_stages();

  static nlohmann::json default_stages();
  static void read_stages(ConfigReader& reader, const Setting& row, CameraConfig& config);
  static constexpr auto settings() {
    using S = CameraConfig;
    return std::array{
        setting<&S::name>("name", {.least = 1, .most = 32, .characters = "a-z0-9_-"},
                          "Part of addresses and metric labels."),
        inlined<&S::receiver>(),
        inlined<&S::watch>(),
        setting<&S::jpeg_quality>("jpeg_quality", {1, 100}, "Of the overlay."),
        setting<read_stages>("stages",
                             "Run in this order on each frame. Each reads what stages before it "
                             "write: approach, which judges the road, needs view and tracker "
                             "before it, and tracker a detector."),
    };
  }
  bool operator==(const CameraConfig&) const = default;
};

/// Everything `rearview` can be told. What each is for, and may be, stands in the settings() of its
/// struct; the members hold the defaults.
struct Config {
  log::Level log_level = log::Level::info;
  int opencv_threads = 1;
  StoreConfig store;
  ServeConfig serve;
  PublishConfig publish;
  RadarConfig radar;
  PositionConfig gps;
  std::vector<CameraConfig> cameras{CameraConfig()};
  /// The file's name, for messages of the stages; "default" without a file.
  std::string source = "default";

  static constexpr auto settings() {
    using S = Config;
    return std::array{
        schema_reference(),
        setting<&S::log_level>("log_level", "Less important lines are left out."),
        setting<&S::opencv_threads>(
            "opencv_threads", {1, 64},
            "Threads OpenCV may use for one call, networks included, in the whole program."),
        setting<&S::serve>("serve", "HTTP and the page."),
        setting<&S::publish>("publish", "Ways out besides HTTP (docs/publish.md)."),
        setting<&S::radar>("radar",
                           "A rear radar for bike computers over Bluetooth LE (docs/radar.md)."),
        setting<&S::gps>("gps", "Where the rider is, from gpsd (docs/position.md)."),
        setting<&S::store>("store", "Where alerts are kept."),
        setting<&S::cameras>("cameras", {1, kMostCameras}, "One object a camera."),
    };
  }
  void check(const ConfigReader& reader) const;
};

/// Reads a file strictly. Throws UsageError.
Config read_config(const std::filesystem::path& file);

/// The file, or the defaults where it is empty.
Config read_config_or_default(const std::filesystem::path& file);

/// Builds the stages of one camera. settings: gets what each stage is set to, defaults included.
/// Throws UsageError or std::runtime_error.
std::vector<std::unique_ptr<Stage>> make_stages(const Config& config, const CameraConfig& camera,
                                                nlohmann::ordered_json* settings = nullptr);

/// Every setting as it holds, in the shape of the file; secrets are "***". stages: of each camera,
/// from make_stages().
nlohmann::ordered_json effective_settings(const Config& config,
                                          const std::vector<nlohmann::ordered_json>& stages);

}  // namespace rearview
