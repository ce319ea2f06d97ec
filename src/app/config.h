#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analyse/stage.h"
#include "base/log.h"
#include "position/position_config.h"
#include "publish/publish_config.h"
#include "radar/radar_config.h"
#include "receive/receiver_config.h"
#include "serve/serve_config.h"
#include "store/store_config.h"

namespace rearview {

/// When a camera's pipeline says that what it shows can't be trusted.
struct WatchConfig {
  /// No decoded picture for this long: no_signal.
  int signal_timeout_ms = 1000;
  /// An analysis published later than this after its picture arrived is `degraded`.
  int late_ms = 300;
  /// Pictures arrive, but no analysis for this long: `failed`.
  int analysis_timeout_ms = 1500;

  bool operator==(const WatchConfig&) const = default;
};

struct CameraConfig {
  std::string name = "rear";
  ReceiverConfig receiver;
  WatchConfig watch;
  int jpeg_quality = 80;
  /// The stages as configured, checked when the configuration is read; each pipeline builds its
  /// own.
  nlohmann::json stages;

  bool operator==(const CameraConfig&) const = default;
};

/// Everything `rearview` can be told; the defaults are config/rearview.json's.
struct Config {
  log::Level log_level = log::Level::info;
  /// Threads that OpenCV may use for one call, networks included, in the whole program.
  int opencv_threads = 1;
  StoreConfig store;
  ServeConfig serve;
  PublishConfig publish;
  RadarConfig radar;
  PositionConfig gps;
  std::vector<CameraConfig> cameras;
  /// What the file gave, as ConfigReader::effective() tells it; empty without a file.
  nlohmann::ordered_json given;
  /// The file's name, for messages of the stages; "default" without a file.
  std::string source = "default";

  /// The default configuration: one camera, our own network beside what needs none.
  Config();
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
