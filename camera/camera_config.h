#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/setting.h"
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

/// All settings of rearview-camera. What each is for, and may be, stands in the settings() of its
/// struct; the members hold the defaults.
struct CameraConfig {
  log::Level log_level = log::Level::info;
  SourceConfig source;
  SceneConfig scene;
  EncoderConfig encoder;
  StreamConfig stream;
  RecordConfig record;
  DeviceConfig device;
  ModeConfig mode;
  BoardConfig board;
  MdnsConfig mdns;
  std::filesystem::path faults;

  static constexpr auto settings() {
    using S = CameraConfig;
    return std::array{
        schema_reference(),
        setting<&S::log_level>("log_level", "Less important lines are left out."),
        setting<&S::source>("source", "Where the pictures come from."),
        setting<&S::scene>("scene", "The road that the source scene draws."),
        setting<&S::encoder>("encoder",
                             "How pictures are encoded; not used where H.264 is passed through."),
        setting<&S::stream>("stream", "The raw H.264 stream over TCP."),
        setting<&S::record>("record", "Recording to disk."),
        setting<&S::device>("device", "The device's HTTP interface."),
        setting<&S::mode>("mode", "Streaming and recording."),
        setting<&S::board>("board", "What the computer has beside the camera."),
        setting<&S::mdns>("mdns", "What the network sees, through Avahi where it runs."),
        setting<&S::faults>("faults",
                            "Script that spoils the stream on purpose, as --faults; relative to "
                            "this file; empty: none."),
    };
  }

  /// Throws UsageError for the first thing that can't be used.
  static CameraConfig read(const std::filesystem::path& file);
  static CameraConfig parse(const nlohmann::json& value, const std::string& source_name);
};

}  // namespace rearview::camera
