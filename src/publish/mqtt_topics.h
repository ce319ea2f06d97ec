#pragma once

#include <string>

#include "publish/publish_config.h"

namespace rearview {

/// The heartbeat; retained.
inline std::string state_topic(const MqttConfig& config) {
  return config.topic + "/state";
}
inline std::string alert_topic(const MqttConfig& config) {
  return config.topic + "/alert";
}
/// A JPEG.
inline std::string picture_topic(const MqttConfig& config, const std::string& camera) {
  return config.topic + "/" + camera + "/picture";
}

}  // namespace rearview
