#pragma once

#include <string>
#include <vector>

#include "publish/mqtt_message.h"
#include "publish/publish_config.h"

namespace rearview {

/// What makes Home Assistant show each camera as a device of its own: the retained messages of its
/// MQTT discovery (home-assistant.io/integrations/mqtt). Every entity is unavailable when the
/// service is gone or has been silent for 5 s.
std::vector<MqttMessage> home_assistant_discovery(const MqttConfig& config,
                                                  const std::vector<std::string>& cameras);

}  // namespace rearview
