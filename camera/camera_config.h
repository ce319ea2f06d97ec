#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "camera/board/board.h"
#include "camera/device/device_config.h"
#include "camera/encode/encoder_config.h"
#include "camera/mdns/announcer.h"
#include "camera/mode.h"
#include "camera/record/record_config.h"
#include "camera/scene/scene_config.h"
#include "camera/source/make_source.h"
#include "camera/stream/stream_config.h"

namespace rearview::camera {

/// All settings of rearview-camera; the members hold the defaults, which config/camera.json
/// repeats.
struct CameraConfig {
  log::Level log_level = log::Level::info;
  SourceConfig source;
  SceneConfig scene;
  nlohmann::json scene_text;  ///< as it was read, to see whether it has changed
  EncoderConfig encoder;
  StreamConfig stream;
  RecordConfig record;
  DeviceConfig device;
  ModeConfig mode;
  BoardConfig board;
  MdnsConfig mdns;
  std::filesystem::path faults;  ///< script for the FaultPlayer; empty: none

  /// Throws UsageError for the first thing that can't be used.
  static CameraConfig read(const std::filesystem::path& file);
  static CameraConfig parse(const nlohmann::json& value, const std::string& source_name);
};

}  // namespace rearview::camera
