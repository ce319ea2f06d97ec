#include "camera/camera_config.h"

#include <nlohmann/json.hpp>

#include "base/config_reader.h"

namespace rearview::camera {

CameraConfig CameraConfig::read(const std::filesystem::path& file) {
  return parse(read_json_file(file), file.string());
}

CameraConfig CameraConfig::parse(const nlohmann::json& value, const std::string& source_name) {
  CameraConfig config;
  ConfigReader reader(value, source_name);
  std::string schema;
  reader.text("$schema", schema);  // for editors
  reader.choice("log_level", config.log_level,
                {{"error", log::Level::error},
                 {"warning", log::Level::warning},
                 {"info", log::Level::info},
                 {"debug", log::Level::debug}});
  reader.object("source", [&](ConfigReader& inner) { config.source.read(inner); });
  reader.object("scene", [&](ConfigReader& inner) { config.scene.read(inner); });
  reader.object("encoder", [&](ConfigReader& inner) { config.encoder.read(inner); });
  reader.object("stream", [&](ConfigReader& inner) { config.stream.read(inner); });
  reader.object("record", [&](ConfigReader& inner) { config.record.read(inner); });
  reader.object("device", [&](ConfigReader& inner) { config.device.read(inner); });
  reader.object("mode", [&](ConfigReader& inner) { config.mode.read(inner); });
  reader.object("board", [&](ConfigReader& inner) { config.board.read(inner); });
  reader.object("mdns", [&](ConfigReader& inner) { config.mdns.read(inner); });
  reader.path("faults", config.faults);
  if (const nlohmann::json* scene = reader.raw("scene")) config.scene_text = *scene;
  reader.finish();
  return config;
}

}  // namespace rearview::camera
