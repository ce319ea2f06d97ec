#pragma once

#include <string>

namespace rearview {

struct MqttMessage {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  int expires_s = 0;  ///< the broker forgets it after so long; 0: never. MQTT 5 only.
};

}  // namespace rearview
