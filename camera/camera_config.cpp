#include "camera/camera_config.h"

namespace rearview::camera {

CameraConfig CameraConfig::read(const std::filesystem::path& file) {
  return parse(read_json_file(file), file.string());
}

CameraConfig CameraConfig::parse(const nlohmann::json& value, const std::string& source_name) {
  CameraConfig config;
  ConfigReader reader(value, source_name);
  read_settings(reader, config);
  reader.finish();
  return config;
}

}  // namespace rearview::camera
